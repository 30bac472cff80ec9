#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "pg/connection.hpp"
#include "util/text.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;

namespace {

struct FreeRow {
  void operator()(char* row) const noexcept { PQfreemem(row); }
};

}  // namespace

void Connection::start_copy(const std::string& sql, int expected) {
  send(sql, {});
  const auto result = next_result();
  if (!result) throw_lost();
  const auto status = PQresultStatus(result->m_result.get());
  if (status == expected) return;
  if (status == PGRES_FATAL_ERROR) {
    drain();
    throw_refused(*result);
  }
  cancel();
  throw Error{ErrorKind::internal,
              fmt::format("the statement starts no such COPY: {}", util::printable(sql))};
}

void Connection::copy_out(const std::string& sql,
                          const std::function<void(std::string_view row)>& consume) {
  start_copy(sql, PGRES_COPY_OUT);
  receive_rows(consume);
  wait_for_last_result();
}

void Connection::receive_rows(const std::function<void(std::string_view row)>& consume) {
  for (;;) {
    char* raw = nullptr;
    const int length = PQgetCopyData(m_connection.get(), &raw, 1);
    const std::unique_ptr<char, FreeRow> row{raw};
    if (length == -1) return;
    if (length == -2) throw_lost();
    if (length == 0) {
      await_input();
      continue;
    }
    try {
      consume({row.get(), static_cast<std::size_t>(length)});
    } catch (...) {
      cancel();
      throw;
    }
  }
}

void Connection::copy_in(const std::string& sql,
                         const std::function<std::optional<std::string>()>& produce) {
  start_copy(sql, PGRES_COPY_IN);
  try {
    while (const auto piece = produce()) put(*piece);
  } catch (const DatabaseError&) {
    throw;
  } catch (...) {
    // After an interrupt the COPY has been ended already.
    if (alive() && PQtransactionStatus(m_connection.get()) == PQTRANS_ACTIVE) {
      PQputCopyEnd(m_connection.get(), "the source of the data failed");
      drain();
    }
    throw;
  }
  end_copy_in(nullptr);
  wait_for_last_result();
}

void Connection::put(const std::string& piece) {
  // libpq takes an int and wants to hold a whole piece.
  constexpr std::size_t at_once = std::size_t{1} << 20U;
  for (std::size_t done = 0; done < piece.size(); done += at_once) {
    const auto part = std::string_view{piece}.substr(done, at_once);
    while (true) {
      const int taken =
          PQputCopyData(m_connection.get(), part.data(), static_cast<int>(part.size()));
      if (taken < 0) throw_lost();
      flush();
      if (taken > 0) break;
    }
  }
}

void Connection::end_copy_in(const char* error) {
  int ended = 0;
  while ((ended = PQputCopyEnd(m_connection.get(), error)) == 0) flush();
  if (ended < 0) throw_lost();
  flush();
}

}  // namespace bkp::pg
