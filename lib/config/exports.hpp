#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::config {

/// What becomes of the secrets in a section of the configuration export.
enum class SecretMode {
  keep,    ///< they are exported like everything else
  seal,    ///< likewise, and only where exports are sealed; values are not shown unless asked for
  redact,  ///< a mark stands in their place
};

std::string_view to_text(SecretMode mode);

/// A section of the configuration export. Of sql, tables, files, server and command exactly one is
/// given.
struct ExportSection {
  std::string name;                          ///< a-z, 0-9, "_" and "-"
  std::string database;                      ///< of sql and tables
  std::string sql;                           ///< a query that reads
  std::vector<std::string> tables;           ///< "public.roles"; as in SQL
  std::vector<std::string> key;              ///< of sql: the columns that tell its rows apart
  std::vector<std::filesystem::path> files;  ///< absolute; patterns as in exports/file_pattern.hpp
  std::vector<std::string> exclude;          ///< of files
  bool server = false;                       ///< postgresql.conf and the like, roles and grants
  std::vector<std::string> command;          ///< argv of a program that prints what is to be kept
  SecretMode secret = SecretMode::keep;
  int line = 0;  ///< in the file, for messages
  bool operator==(const ExportSection&) const = default;
};

}  // namespace bkp::config
