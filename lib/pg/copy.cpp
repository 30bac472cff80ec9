#include <fmt/format.h>

#include "pg/connection.hpp"
#include "pg/libpq.hpp"
#include "pg/libpq_text.hpp"
#include "util/text.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;

void Connection::start_copy(const std::string& sql, CopyDirection direction) {
  const bool in = direction == CopyDirection::in;
  send(sql, {});
  const auto result = next_result();
  if (!result) throw_lost();
  const auto status = PQresultStatus(result->m_result.get());
  if (status == (in ? PGRES_COPY_IN : PGRES_COPY_OUT)) return;
  if (status == PGRES_FATAL_ERROR) {
    drain();
    throw_refused(*result);
  }
  cancel();
  throw Error{ErrorKind::internal,
              fmt::format("the statement is no COPY … {}: {}", in ? "FROM STDIN" : "TO STDOUT",
                          util::printable(sql))};
}

void Connection::copy_out(const std::string& sql,
                          const std::function<void(std::string_view row)>& consume) {
  start_copy(sql, CopyDirection::out);
  receive_rows(consume);
  wait_for_last_result();
}

void Connection::receive_rows(const std::function<void(std::string_view row)>& consume) {
  for (;;) {
    char* raw = nullptr;
    const int length = PQgetCopyData(m_connection.get(), &raw, 1);
    const LibpqText row{raw};
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

void Connection::run_replication_command(const std::string& command, const Answers& answers) {
  send(command, {});
  std::optional<Result> refusal;
  while (auto result = next_result()) {
    const auto status = PQresultStatus(result->m_result.get());
    if (status == PGRES_FATAL_ERROR) {
      if (!refusal) refusal = std::move(result);
      continue;
    }
    try {
      if (status == PGRES_TUPLES_OK) answers.rows(*result);
      if (status != PGRES_COPY_OUT) continue;
      answers.copy_begins();
    } catch (...) {
      cancel();
      throw;
    }
    receive_rows([&](std::string_view piece) { answers.copy(std::as_bytes(std::span{piece})); });
  }
  if (refusal) throw_refused(*refusal);
}

void Connection::copy_in(const std::string& sql, const std::function<std::string_view()>& next) {
  start_copy(sql, CopyDirection::in);
  send_rows(next);
  wait_for_last_result();
}

void Connection::send_rows(const std::function<std::string_view()>& next) {
  auto* connection = m_connection.get();
  for (;;) {
    std::string_view piece;
    try {
      m_interrupt->check();
      piece = next();
    } catch (...) {
      cancel();
      throw;
    }
    const bool end = piece.empty();
    const int taken = end ? PQputCopyEnd(connection, nullptr)
                          : PQputCopyData(connection, piece.data(), static_cast<int>(piece.size()));
    if (taken != 1) throw_lost();
    // Or libpq would keep all that the server has not taken yet.
    flush();
    if (end) return;
  }
}

}  // namespace bkp::pg
