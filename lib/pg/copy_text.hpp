#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "pg/rows_hash.hpp"

namespace bkp::pg {

/// Hashes one table's data as pg_dump writes it into an archive: COPY text, every row ended by a
/// newline, then the line "\." and empty lines (pg_dump.c, dumpTableData_copy: "\\.\n\n\n"). A
/// backslash in data is always escaped, so no row can look like that line. A row of a table without
/// columns is empty. Takes pieces of any size, in constant memory however long a row is. Not for
/// concurrent use.
class CopyTextHash {
 public:
  CopyTextHash();
  ~CopyTextHash();
  CopyTextHash(CopyTextHash&&) noexcept;
  CopyTextHash& operator=(CopyTextHash&&) noexcept;

  /// Begins another table; `table` is named in errors.
  void start(std::string table);
  /// Throws Error{damaged} for data after the end marker.
  void write(std::span<const std::byte> piece);
  /// Throws Error{damaged} when the end marker did not come.
  void finish() const;

  const RowsHash& rows() const { return m_rows; }
  /// Of the rows with their line ends, without the end marker.
  std::uint64_t bytes() const { return m_bytes; }

 private:
  struct LongRow;
  void end_row(std::string_view row);
  void end_long_row(std::string_view rest);
  void check_trailer(std::string_view text) const;
  [[noreturn]] void fail(std::string_view what) const;

  std::string m_table;
  RowsHash m_rows;
  std::uint64_t m_bytes = 0;
  bool m_ended = false;
  std::unique_ptr<LongRow> m_long_row;  ///< a row of which the end has not come yet
};

}  // namespace bkp::pg
