#pragma once

#include <string>
#include <vector>

namespace bkp::cli {

/// A table for people: columns as wide as their content, the widest cells shortened with "…" when
/// the table would not fit `width` (0 = no limit). Cells go through util::printable(). Widths count
/// code points.
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : m_columns{std::move(columns)} {}
  void add(std::vector<std::string> cells);
  bool empty() const { return m_rows.empty(); }
  std::string to_text(std::size_t width) const;

 private:
  std::vector<Column> m_columns;
  std::vector<std::vector<std::string>> m_rows;
};

/// Columns of the terminal on stdout; 0 when it is none; $COLUMNS wins.
std::size_t terminal_width();

}  // namespace bkp::cli
