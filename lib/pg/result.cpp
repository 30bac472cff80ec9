#include <charconv>

#include <fmt/format.h>

#include "pg/connection.hpp"
#include "pg/libpq.hpp"
#include "util/text.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;

namespace {

template <class Number>
Number parsed(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw Error{ErrorKind::internal,
                fmt::format("the server returned {} where a number was due", util::quoted(text))};
  }
  return value;
}

}  // namespace

void Result::Deleter::operator()(pg_result* result) const noexcept {
  PQclear(result);
}

Result::Result(pg_result* result) : m_result{result} {}
Result::Result(Result&&) noexcept = default;
Result& Result::operator=(Result&&) noexcept = default;
Result::~Result() = default;

int Result::rows() const {
  return PQntuples(m_result.get());
}
int Result::columns() const {
  return PQnfields(m_result.get());
}

void Result::require(int row, int column) const {
  if (row >= 0 && row < rows() && column >= 0 && column < columns()) return;
  throw Error{ErrorKind::internal,
              fmt::format("a result of {} rows and {} columns has no value at row {}, column {}",
                          rows(), columns(), row, column)};
}

Result::Column Result::column(int column) const {
  auto* const result = m_result.get();
  if (column < 0 || column >= columns())
    throw Error{ErrorKind::internal, fmt::format("a result has no column {}", column)};
  return {PQfname(result, column), PQftype(result, column), PQfmod(result, column),
          PQftable(result, column), PQftablecol(result, column)};
}

bool Result::is_null(int row, int column) const {
  require(row, column);
  return PQgetisnull(m_result.get(), row, column) != 0;
}

std::string_view Result::text(int row, int column) const {
  require(row, column);
  return {PQgetvalue(m_result.get(), row, column),
          static_cast<std::size_t>(PQgetlength(m_result.get(), row, column))};
}

std::optional<std::string> Result::optional_text(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return std::string{text(row, column)};
}

std::int64_t Result::integer(int row, int column) const {
  return parsed<std::int64_t>(text(row, column));
}

double Result::number(int row, int column) const {
  return parsed<double>(text(row, column));
}

bool Result::boolean(int row, int column) const {
  const auto value = text(row, column);
  if (value == "t") return true;
  if (value == "f") return false;
  throw Error{ErrorKind::internal,
              fmt::format("the server returned {} where a boolean was due", util::quoted(value))};
}

std::string_view Result::single() const {
  return text(0, 0);
}

std::int64_t Result::affected() const {
  const std::string_view count = PQcmdTuples(m_result.get());
  return count.empty() ? 0 : parsed<std::int64_t>(count);
}

}  // namespace bkp::pg
