#include "cli/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "util/text.hpp"

namespace bkp::cli {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 8;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string shortened(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::size_t end = 0;
  for (std::size_t taken = 0; end < text.size(); ++end) {
    if (!is_continuation(text[end]) && taken++ == width - 1) break;
  }
  return text.substr(0, end) + "…";
}

/// Takes from the widest columns until the sum fits.
void fit(std::vector<std::size_t>& widths, std::size_t width) {
  const std::size_t gaps = gap * (widths.size() - 1);
  for (;;) {
    std::size_t sum = gaps;
    for (const auto column : widths) sum += column;
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (sum <= width || *widest <= narrowest) return;
    --*widest;
  }
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  cells.resize(m_columns.size());
  for (auto& cell : cells) cell = util::printable(cell);
  m_rows.push_back(std::move(cells));
}

std::string Table::to_text(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (const auto& column : m_columns) widths.push_back(width_of(column.title));
  for (const auto& row : m_rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  if (width > 0) fit(widths, width);

  std::string text;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = shortened(cells[i], widths[i]);
      const std::string padding(widths[i] - width_of(cell), ' ');
      if (i > 0) line.append(gap, ' ');
      line += m_columns[i].align == Align::right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  std::vector<std::string> titles;
  for (const auto& column : m_columns) titles.push_back(column.title);
  add_line(titles);
  for (const auto& row : m_rows) add_line(row);
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
