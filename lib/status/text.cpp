#include <algorithm>

#include <fmt/format.h>

#include "status/render.hpp"
#include "util/text.hpp"

namespace bkp::status {

namespace {

constexpr std::size_t width_of_level = 6;  // "yellow"

std::string painted(Level level, bool colored) {
  auto name = fmt::format("{:<{}}", to_text(level), width_of_level);
  if (!colored) return name;
  const auto code = level == Level::green ? 32 : level == Level::yellow ? 33 : 31;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, name);
}

/// Breaks a text at spaces into lines of at most `width`, all but the first behind `indent` blanks.
std::string folded(const std::string& text, std::size_t indent, std::size_t width) {
  if (width <= indent + 20) return text;
  std::string result;
  std::size_t column = indent;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find(' ', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    const bool first = column == indent;
    if (!first && column + 1 + word.size() > width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    begin = end + 1;
  }
  return result;
}

}  // namespace

std::string to_text(const SiteStatus& status, bool colored, std::size_t width) {
  const auto items = items_of(status);
  const auto wrong =
      std::ranges::count_if(items, [](const Item& item) { return item.level != Level::green; });
  std::string text = fmt::format(
      "site {}: {}{}\n", status.site, to_text(level_of(items)),
      wrong == 0 ? "" : fmt::format(", {} of {} want to be looked at", wrong, items.size()));
  std::size_t column = 0;
  for (const auto& item : items) column = std::max(column, item.what.size());
  column = std::min<std::size_t>(column, 30);
  const auto indent = width_of_level + 1 + column + 2;
  for (const auto& item : items) {
    text += fmt::format("{} {:<{}}  {}\n", painted(item.level, colored), item.what, column,
                        folded(item.text, indent, width));
    if (!item.next.empty()) text += fmt::format("{}{}\n", std::string(indent, ' '), item.next);
  }
  return text;
}

}  // namespace bkp::status
