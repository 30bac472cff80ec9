#pragma once

#include <string>
#include <vector>

namespace bkp::cli {

/// A table for people: columns as wide as their content. When the table would not fit `width`
/// (0 = no limit), first the cells of columns that may be are broken into lines, at spaces; then
/// the widest of those that may be are shortened with "…". A column to keep, which holds what one
/// must be able to type, is whole though the table be too wide. Cells go through util::printable().
/// Widths count code points.
class Table {
 public:
  enum class Align { left, right };
  enum class Overflow { shorten, wrap, keep };
  struct Column {
    std::string title;
    Align align = Align::left;
    Overflow overflow = Overflow::shorten;
  };
  explicit Table(std::vector<Column> columns) : m_columns{std::move(columns)} {}
  void add(std::vector<std::string> cells);
  bool empty() const { return m_rows.empty(); }
  std::string to_text(std::size_t width) const;

 private:
  std::vector<std::size_t> widths_within(std::size_t width) const;
  void append_row(std::string& text, const std::vector<std::string>& cells,
                  const std::vector<std::size_t>& widths) const;

  std::vector<Column> m_columns;
  std::vector<std::vector<std::string>> m_rows;
};

/// Columns of the terminal on stdout; 0 when it is none; $COLUMNS wins.
std::size_t terminal_width();

}  // namespace bkp::cli
