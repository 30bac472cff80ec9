#include "cli/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "util/text.hpp"

namespace bkp::cli {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 6;
constexpr std::size_t narrowest_wrapped = 24;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

/// Where the first `count` code points end.
std::size_t end_of(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (std::size_t taken = 0; end < text.size(); ++end) {
    if (!is_continuation(text[end]) && taken++ == count) break;
  }
  return end;
}

std::string shortened(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  return text.substr(0, end_of(text, width - 1)) + "…";
}

/// Lines of at most `width`, broken at spaces where there are any.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (width_of(text) > width) {
    auto end = end_of(text, width);
    auto next = end;
    if (const auto space = text.rfind(' ', end); space != text.npos && space > 0) {
      end = space;
      next = space + 1;
    }
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(next);
  }
  lines.emplace_back(text);
  return lines;
}

std::size_t sum_of(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  cells.resize(m_columns.size());
  for (auto& cell : cells) cell = util::printable(cell);
  m_rows.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths_within(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (const auto& column : m_columns) widths.push_back(width_of(column.title));
  for (const auto& row : m_rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  if (width == 0) return widths;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const auto sum = sum_of(widths);
    if (sum <= width) return widths;
    if (m_columns[i].overflow != Overflow::wrap || widths[i] <= narrowest_wrapped) continue;
    widths[i] -= std::min(sum - width, widths[i] - narrowest_wrapped);
  }
  while (sum_of(widths) > width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (m_columns[i].overflow == Overflow::keep || widths[i] <= narrowest) continue;
      if (widest == nullptr || widths[i] > *widest) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
  }
  return widths;
}

void Table::append_row(std::string& text, const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths) const {
  std::vector<std::vector<std::string>> lines_of;
  std::size_t height = 1;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    lines_of.push_back(m_columns[i].overflow == Overflow::wrap
                           ? wrapped(cells[i], widths[i])
                           : std::vector{shortened(cells[i], widths[i])});
    height = std::max(height, lines_of.back().size());
  }
  for (std::size_t number = 0; number < height; ++number) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = number < lines_of[i].size() ? lines_of[i][number] : "";
      const std::string padding(widths[i] - width_of(cell), ' ');
      if (i > 0) line.append(gap, ' ');
      line += m_columns[i].align == Align::right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
}

std::string Table::to_text(std::size_t width) const {
  const auto widths = widths_within(width);
  std::vector<std::string> titles;
  for (const auto& column : m_columns) titles.push_back(column.title);
  std::string text;
  append_row(text, titles, widths);
  for (const auto& row : m_rows) append_row(text, row, widths);
  return text;
}

std::size_t terminal_width() {
  if (const char* columns = std::getenv("COLUMNS")) {
    std::size_t value = 0;
    if (std::from_chars(columns, columns + std::strlen(columns), value).ec == std::errc{})
      return value;
  }
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
    return size.ws_col;
  return 0;
}

}  // namespace bkp::cli
