#include "exports/text_diff.hpp"

#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <dtl/dtl.hpp>

#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::exports {

namespace {

/// The time to compare grows with the product of lines and differences.
constexpr std::size_t most_lines = 20'000;

bool is_text(std::string_view text) {
  return util::is_valid_utf8(text) && text.find('\0') == text.npos;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : util::split_lines(text)) lines.push_back(util::printable(line));
  return lines;
}

std::string sizes(std::string_view before, std::string_view after) {
  return fmt::format("{} before, {} now\n", util::format_size(before.size()),
                     util::format_size(after.size()));
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
  if (before == after) return {};
  if (!is_text(before) || !is_text(after)) return "no text: " + sizes(before, after);
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(after);
  if (old_lines.size() + new_lines.size() > most_lines)
    return "too large to compare line by line: " + sizes(before, after);
  dtl::Diff<std::string, std::vector<std::string>> diff{old_lines, new_lines};
  diff.compose();
  diff.composeUnifiedHunks();
  std::ostringstream out;
  diff.printUnifiedFormat(out);
  auto text = out.str();
  if (text.empty()) text = "the ends of lines differ\n";
  return text;
}

}  // namespace bkp::exports
