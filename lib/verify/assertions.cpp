#include "verify/assertions.hpp"

#include <array>
#include <charconv>
#include <compare>
#include <optional>

#include <fmt/format.h>

#include "pg/sqlstate.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::verify {

namespace {

constexpr auto time_limit = "10min";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<long double> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  long double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// PostgreSQL shows truth as t and f.
std::string_view without_truth_words(std::string_view text) {
  if (text == "true" || text == "TRUE" || text == "True") return "t";
  if (text == "false" || text == "FALSE" || text == "False") return "f";
  return text;
}

struct Comparison {
  std::string_view sign;
  std::string_view value;
};

Comparison split_comparison(std::string_view expected) {
  constexpr std::array<std::string_view, 7> signs{"<=", ">=", "!=", "<>", "<", ">", "="};
  expected = trimmed(expected);
  for (const auto sign : signs) {
    if (!expected.starts_with(sign)) continue;
    const auto value = trimmed(expected.substr(sign.size()));
    if (value.empty()) {
      throw util::Error{
          util::ErrorKind::config,
          fmt::format("the expectation {} compares with nothing", util::quoted(expected)),
          "write for example \">= 10\""};
    }
    return {sign, value};
  }
  return {"=", expected};
}

std::partial_ordering order(std::string_view found, std::string_view value) {
  const auto left = number(found);
  const auto right = number(value);
  if (left && right) return *left <=> *right;
  // A text is neither more nor less than a number.
  if (left || right) return std::partial_ordering::unordered;
  return without_truth_words(found) <=> without_truth_words(value);
}

bool holds(std::partial_ordering order, std::string_view sign) {
  if (sign == "=") return order == 0;
  if (sign == "!=" || sign == "<>") return order != 0;
  if (sign == "<") return order < 0;
  if (sign == "<=") return order <= 0;
  if (sign == ">") return order > 0;
  return order >= 0;
}

std::string compare(pg::Connection& connection, const config::Assertion& assertion) {
  pg::Transaction transaction{connection, "BEGIN READ ONLY"};
  connection.exec(fmt::format("SET LOCAL statement_timeout = '{}'", time_limit));
  const auto result = connection.exec(assertion.sql);
  if (result.rows() != 1 || result.columns() != 1) {
    return fmt::format("the query gave {} rows of {} columns; one value is needed", result.rows(),
                       result.columns());
  }
  if (result.is_null(0, 0)) return "the query gave NULL";
  return compare_value(result.text(0, 0), assertion.expect);
}

/// Here the statement is the user's: that it takes too long is what was asked for.
std::string look(pg::Connection& connection, const config::Assertion& assertion) {
  try {
    return compare(connection, assertion);
  } catch (const pg::DatabaseError& error) {
    if (error.sqlstate() != pg::sqlstate::query_canceled) throw;
    return error.message();
  }
}

}  // namespace

std::string compare_value(std::string_view found, std::string_view expected) {
  const auto [sign, value] = split_comparison(expected);
  if (holds(order(found, value), sign)) return {};
  return fmt::format("the query gave {}, expected was {}", util::quoted(found),
                     util::quoted(expected));
}

std::vector<Probe> assertion_probes(const std::vector<config::Assertion>& assertions,
                                    std::string_view database) {
  std::vector<Probe> probes;
  for (const auto& assertion : assertions) {
    if (assertion.database != database) continue;
    probes.push_back({"assertion", assertion.name, 0, [assertion](pg::Connection& connection) {
                        return look(connection, assertion);
                      }});
  }
  return probes;
}

}  // namespace bkp::verify
