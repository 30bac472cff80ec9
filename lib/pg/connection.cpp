#include "pg/connection.hpp"

#include <poll.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <future>
#include <thread>

#include <fmt/format.h>

#include "pg/hints.hpp"
#include "pg/libpq.hpp"
#include "pg/libpq_text.hpp"
#include "pg/password_file.hpp"
#include "pg/sqlstate.hpp"
#include "util/text.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr std::chrono::seconds cancel_limit{5};
constexpr std::chrono::seconds drain_limit{5};

// PQcancel makes a connection of its own and waits for its end without a limit: on a dead network
// as long as TCP does. The thread is left to that; it owns all that it needs. False when the server
// did not take the request in time.
bool ask_to_cancel(pg_conn* connection) {
  const std::shared_ptr<PGcancel> request{PQgetCancel(connection),
                                          [](PGcancel* cancel) { PQfreeCancel(cancel); }};
  if (!request) return false;
  std::promise<bool> answer;
  auto taken = answer.get_future();
  std::thread{[request, answer = std::move(answer)]() mutable {
    std::array<char, 256> message{};
    answer.set_value(PQcancel(request.get(), message.data(), static_cast<int>(message.size())) ==
                     1);
  }}.detach();
  return taken.wait_for(cancel_limit) == std::future_status::ready && taken.get();
}

enum class Woken { ready, interrupted, timed_out };

// Waits for `events` on the session's socket, for `interrupt_fd` (-1: none) or until `deadline`.
Woken wait_on(int socket, short events, int interrupt_fd, std::optional<SteadyTime> deadline) {
  for (;;) {
    int timeout = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
          *deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return Woken::timed_out;
      timeout = static_cast<int>(left.count());
    }
    std::array<pollfd, 2> watched{pollfd{socket, events, 0}, pollfd{interrupt_fd, POLLIN, 0}};
    const int count = ::poll(watched.data(), watched.size(), timeout);
    if (count < 0 && errno != EINTR) return Woken::ready;  // libpq will meet the same fault
    if (count <= 0) continue;
    if (watched[1].revents != 0) return Woken::interrupted;
    return Woken::ready;
  }
}

Conninfo with_defaults(const Conninfo& conninfo) {
  return conninfo.with_default("application_name", "bkp")
      .with_default("connect_timeout", "10")
      .with_default("keepalives_idle", "30")
      .with_default("keepalives_interval", "10")
      .with_default("keepalives_count", "3");
}

// libpq takes no notice of connect_timeout when a connection is made step by step, as here.
std::optional<SteadyTime> connect_deadline(const Conninfo& conninfo) {
  const auto text = conninfo.get("connect_timeout").value_or("10");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw Error{ErrorKind::config,
                fmt::format("connect_timeout={} is not a number of seconds", util::quoted(text))};
  }
  if (seconds <= 0) return std::nullopt;
  return std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
}

pg_conn* start_connecting(const Conninfo& conninfo) {
  const auto all = with_defaults(conninfo);
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : all.keywords()) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(keywords.data(), values.data(), 0);
}

// A password file that libpq passes over looks like one without the right line.
std::string hint_for_password(const Conninfo& conninfo) {
  const auto file = password_file_of(conninfo, util::Environment::of_this_process());
  const auto why = file ? why_passed_over(*file) : std::nullopt;
  if (!why) return hint_for(sqlstate::invalid_password);
  return fmt::format("libpq passes over the password file {}: {}; chmod 600 {}",
                     util::quoted(file->string()), *why, util::shell_quoted(file->string()));
}

std::string hint_for_refusal(const Conninfo& conninfo, std::string_view sqlstate,
                             std::string_view libpq_message) {
  // libpq itself says the second, without a state, before it would send an empty password.
  if (sqlstate == sqlstate::invalid_password ||
      libpq_message.find("no password supplied") != libpq_message.npos) {
    return hint_for_password(conninfo);
  }
  return sqlstate.empty() ? hint_for_silence(conninfo) : hint_for(sqlstate);
}

[[noreturn]] void throw_cannot_connect(const Conninfo& conninfo, const char* libpq_message) {
  const auto sqlstate = sqlstate_in(libpq_message);
  auto hint = hint_for_refusal(conninfo, sqlstate, libpq_message);
  throw DatabaseError{
      fmt::format("cannot connect to {}: {}", conninfo.describe(), tidy_message(libpq_message)),
      std::move(hint), sqlstate, true};
}

// Beside a broken socket, class 57P (operator intervention) and 08 end a session.
bool ends_session(std::string_view sqlstate) {
  return sqlstate.starts_with("57P") || sqlstate.starts_with("08");
}

// Where in its data a COPY was refused ("COPY t, line 5, column a: …"); it stands below the
// functions that the row went through.
std::string place_in_copy(std::string_view context) {
  for (const auto line : util::split_lines(context)) {
    if (line.starts_with("COPY ")) return util::printable(line);
  }
  return {};
}

void ignore_notice(void*, const PGresult*) noexcept {}

}  // namespace

bool DatabaseError::of_server() const {
  return m_connection_lost || sqlstate::tells_of_server(m_sqlstate);
}

void Connection::Deleter::operator()(pg_conn* connection) const noexcept {
  PQfinish(connection);
}

Connection::Connection(pg_conn* connection, Conninfo conninfo, const util::Interrupt& interrupt)
    : m_connection{connection}, m_conninfo{std::move(conninfo)}, m_interrupt{&interrupt} {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Connection Connection::open(const Conninfo& conninfo, const util::Interrupt& interrupt) {
  interrupt.check();
  Connection result{start_connecting(conninfo), conninfo, interrupt};
  result.establish();
  return result;
}

void Connection::establish() {
  auto* connection = m_connection.get();
  if (connection == nullptr) throw Error{ErrorKind::internal, "out of memory"};
  const auto deadline = connect_deadline(m_conninfo);
  PQsetNoticeReceiver(connection, ignore_notice, nullptr);
  // The only way to learn the SQLSTATE of a refused connection: it is in a verbose message.
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  auto status =
      PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED)
      throw_cannot_connect(m_conninfo, PQerrorMessage(connection));
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    switch (wait_on(PQsocket(connection), events, m_interrupt->fd(), deadline)) {
      case Woken::interrupted:
        m_interrupt->check();
        break;
      case Woken::timed_out:
        throw_cannot_connect(m_conninfo, "timeout expired");
      case Woken::ready:
        status = PQconnectPoll(connection);
        break;
    }
  }
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  PQsetnonblocking(connection, 1);
}

Result Connection::exec(const std::string& sql, std::span<const Parameter> parameters) {
  send(sql, parameters);
  return wait_for_last_result();
}

Result Connection::exec(const std::string& sql, std::initializer_list<Parameter> parameters) {
  return exec(sql, std::span{parameters.begin(), parameters.size()});
}

void Connection::send(const std::string& sql, std::span<const Parameter> parameters) {
  m_interrupt->check();
  if (!alive()) throw_lost();
  std::vector<const char*> values;
  for (const auto& parameter : parameters) {
    if (parameter && parameter->find('\0') != parameter->npos) {
      throw Error{ErrorKind::database,
                  fmt::format("{} has a zero byte, which PostgreSQL cannot store",
                              util::quoted(*parameter))};
    }
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  const int sent = values.empty() ? PQsendQuery(m_connection.get(), sql.c_str())
                                  : PQsendQueryParams(m_connection.get(), sql.c_str(),
                                                      static_cast<int>(values.size()), nullptr,
                                                      values.data(), nullptr, nullptr, 0);
  if (sent == 0) throw_lost();
  flush();
}

void Connection::flush() {
  for (;;) {
    const int state = PQflush(m_connection.get());
    if (state == 0) return;
    if (state < 0) throw_lost();
    const auto woken =
        wait_on(PQsocket(m_connection.get()), POLLIN | POLLOUT, m_interrupt->fd(), std::nullopt);
    if (woken == Woken::interrupted) {
      cancel();
      m_interrupt->check();
    }
    // The server may have something to say first, and waits until it is heard.
    if (PQconsumeInput(m_connection.get()) == 0) throw_lost();
  }
}

void Connection::await_input() {
  const auto woken = wait_on(PQsocket(m_connection.get()), POLLIN, m_interrupt->fd(), std::nullopt);
  if (woken == Woken::interrupted) {
    cancel();
    m_interrupt->check();
  }
  if (PQconsumeInput(m_connection.get()) == 0) throw_lost();
}

std::optional<Result> Connection::next_result() {
  while (PQisBusy(m_connection.get()) != 0) await_input();
  auto* result = PQgetResult(m_connection.get());
  if (result == nullptr) return std::nullopt;
  return Result{result};
}

Result Connection::wait_for_last_result() {
  std::optional<Result> last;
  std::optional<Result> refusal;
  try {
    while (auto result = next_result()) {
      const auto status = PQresultStatus(result->m_result.get());
      if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
        cancel();
        throw Error{ErrorKind::internal, "COPY was run as an ordinary statement"};
      }
      const bool refused = status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
      if (!refused) {
        last = std::move(result);
      } else if (!refusal) {
        refusal = std::move(result);
      }
    }
  } catch (const DatabaseError&) {
    // A server that goes down says why before it goes.
    if (!refusal) throw;
  }
  if (refusal) throw_refused(*refusal);
  if (!last) throw_lost();
  return std::move(*last);
}

void Connection::cancel() noexcept {
  if (!alive()) return;
  bool asked = false;
  try {
    asked = ask_to_cancel(m_connection.get());
  } catch (const std::exception&) {
    // No thread to be had: then the end of the session is the request.
  }
  // What was not asked to stop says no more than before.
  if (!asked) return m_connection.reset();
  drain();
}

void Connection::drain() noexcept {
  auto* connection = m_connection.get();
  const auto deadline = std::chrono::steady_clock::now() + drain_limit;
  const auto await = [&] {
    PQflush(connection);
    const bool ready = wait_on(PQsocket(connection), POLLIN, -1, deadline) == Woken::ready;
    return ready && PQconsumeInput(connection) != 0;
  };
  const auto skip_rows = [&] {
    for (;;) {
      char* raw = nullptr;
      const int length = PQgetCopyData(connection, &raw, 1);
      const LibpqText row{raw};
      if (length < 0) return true;
      if (length == 0 && !await()) return false;
    }
  };
  for (;;) {
    while (PQisBusy(connection) != 0) {
      if (!await()) return m_connection.reset();
    }
    const Result result{PQgetResult(connection)};
    if (!result.m_result) return;
    const auto status = PQresultStatus(result.m_result.get());
    if (status == PGRES_COPY_OUT && !skip_rows()) return m_connection.reset();
    if (status == PGRES_COPY_IN) PQputCopyEnd(connection, "cancelled");
  }
}

void Connection::rollback() noexcept {
  if (!alive() || PQtransactionStatus(m_connection.get()) == PQTRANS_IDLE) return;
  if (PQsendQuery(m_connection.get(), "ROLLBACK") != 0) drain();
}

bool Connection::in_failed_transaction() const {
  return alive() && PQtransactionStatus(m_connection.get()) == PQTRANS_INERROR;
}

void Connection::throw_lost() const {
  std::string said = m_connection ? tidy_message(PQerrorMessage(m_connection.get())) : "";
  if (said.empty()) said = "the session is closed";
  throw DatabaseError{
      fmt::format("lost the connection to {}: {}", m_conninfo.describe(), said),
      "did the server restart or crash? its log tells; run the command again when it is up", "",
      true};
}

void Connection::throw_refused(const Result& result) const {
  const auto raw = [&](int code) {
    const char* text = PQresultErrorField(result.m_result.get(), code);
    return std::string_view{text != nullptr ? text : ""};
  };
  const auto field = [&](int code) { return util::printable(raw(code)); };
  const auto sqlstate = field(PG_DIAG_SQLSTATE);
  const bool lost = !alive() || ends_session(sqlstate);
  auto message = field(PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = tidy_message(PQresultErrorMessage(result.m_result.get()));
  if (const auto detail = field(PG_DIAG_MESSAGE_DETAIL); !detail.empty()) message += "; " + detail;
  if (const auto place = place_in_copy(raw(PG_DIAG_CONTEXT)); !place.empty()) {
    message += "; " + place;
  }
  if (!sqlstate.empty()) message += fmt::format(" (SQLSTATE {})", sqlstate);
  auto hint = hint_for(sqlstate);
  if (hint.empty()) hint = field(PG_DIAG_MESSAGE_HINT);
  throw DatabaseError{fmt::format("{}: {}", m_conninfo.describe(), message), std::move(hint),
                      sqlstate, lost};
}

std::string Connection::identifier(std::string_view name) const {
  if (!alive()) throw_lost();
  const LibpqText text{PQescapeIdentifier(m_connection.get(), name.data(), name.size())};
  if (text && name.find('\0') == name.npos) return text.get();
  throw Error{ErrorKind::database,
              fmt::format("{} is no valid name in the encoding of {}", util::quoted(name),
                          m_conninfo.describe()),
              "set client_encoding to the database's encoding"};
}

std::string Connection::literal(std::string_view text) const {
  if (!alive()) throw_lost();
  const LibpqText quoted{PQescapeLiteral(m_connection.get(), text.data(), text.size())};
  if (quoted && text.find('\0') == text.npos) return quoted.get();
  throw Error{ErrorKind::database,
              fmt::format("{} is no valid text in the encoding of {}", util::quoted(text),
                          m_conninfo.describe()),
              "set client_encoding to the database's encoding"};
}

int Connection::server_version() const {
  return m_connection ? PQserverVersion(m_connection.get()) : 0;
}

bool Connection::alive() const {
  return m_connection && PQstatus(m_connection.get()) == CONNECTION_OK;
}

std::string Connection::database() const {
  return m_connection ? PQdb(m_connection.get()) : m_conninfo.get("dbname").value_or("");
}

}  // namespace bkp::pg
