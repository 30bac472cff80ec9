#include "verify/copy_target.hpp"

namespace bkp::verify {

namespace {

constexpr std::string_view copy = "COPY ";
constexpr std::string_view from_stdin = " FROM stdin;";

/// Where an identifier that begins at `start` ends.
std::size_t end_of_identifier(std::string_view text, std::size_t start) {
  if (start >= text.size()) return start;
  if (text[start] != '"') {
    const auto end = text.find_first_of(" .(\"", start);
    return end == text.npos ? text.size() : end;
  }
  for (std::size_t i = start + 1; i < text.size(); ++i) {
    if (text[i] != '"') continue;
    if (i + 1 >= text.size() || text[i + 1] != '"') return i + 1;
    ++i;
  }
  return start;
}

std::string_view trimmed(std::string_view text, std::string_view what) {
  while (!text.empty() && what.find(text.front()) != what.npos) text.remove_prefix(1);
  while (!text.empty() && what.find(text.back()) != what.npos) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<CopyTarget> parse_copy_statement(std::string_view statement) {
  statement = trimmed(statement, "\n");
  if (!statement.starts_with(copy) || !statement.ends_with(from_stdin)) return std::nullopt;
  statement.remove_prefix(copy.size());
  statement.remove_suffix(from_stdin.size());
  auto end = end_of_identifier(statement, 0);
  if (end == 0 || end >= statement.size() || statement[end] != '.') return std::nullopt;
  const auto table_start = end + 1;
  end = end_of_identifier(statement, table_start);
  if (end == table_start) return std::nullopt;
  CopyTarget target;
  target.table = statement.substr(0, end);
  const auto rest = trimmed(statement.substr(end), " ");
  if (rest.empty()) return target;
  if (rest.front() != '(' || rest.back() != ')') return std::nullopt;
  target.columns = rest.substr(1, rest.size() - 2);
  return target;
}

std::string copy_out_statement(const CopyTarget& target) {
  if (target.columns.empty()) return "COPY " + target.table + " TO STDOUT";
  return "COPY " + target.table + " (" + target.columns + ") TO STDOUT";
}

std::string copy_out_query(const CopyTarget& target, std::string_view condition) {
  std::string sql = "COPY (SELECT " + target.columns + " FROM " + target.table;
  if (!condition.empty()) sql += " " + std::string{condition};
  return sql + ") TO STDOUT";
}

}  // namespace bkp::verify
