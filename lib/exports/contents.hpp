#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/exports.hpp"
#include "util/clock.hpp"

namespace bkp::exports {

/// An export of the configuration in memory, as it was collected or read again. It is one tar
/// archive, for stock tools: `manifest.json`, and the entries below the names of their sections.

/// More than that is no configuration. All entries together, in bytes.
inline constexpr std::size_t largest_export = std::size_t{256} << 20U;

enum class EntryType {
  rows,       ///< of a query or a table: rows.hpp
  file,       ///< of a host
  output,     ///< of a program
  directory,  ///< of a host, in which exported files are
};

std::string_view to_text(EntryType type);

struct Entry {
  std::string path;  ///< in the archive: "hooks/files/srv/studio/hooks/on_render.py"
  EntryType type = EntryType::output;
  std::string contents;
  std::string origin = {};  ///< of a file or directory: its absolute path, without links; the rest
                            ///< too is of these
  unsigned mode = 0600;
  std::string owner = {};  ///< names of user and group; empty where they are not known
  std::string group = {};
  util::Time modified = {};

  bool of_host() const { return type == EntryType::file || type == EntryType::directory; }
  std::string digest() const;  ///< SHA-256 of the contents, in hexadecimal
};

enum class SectionKind { sql, tables, files, server, command };

std::string_view to_text(SectionKind kind);
SectionKind kind_of(const config::ExportSection& section);

struct Section {
  std::string name;
  SectionKind kind = SectionKind::sql;
  config::SecretMode secret = config::SecretMode::keep;
  std::vector<Entry> entries = {};
  std::vector<std::string> notes = {};  ///< what was passed over, for people
  std::string error = {};               ///< why it is missing; then it has no entries

  /// Of what it has: names, contents, modes and owners. When files were written makes no
  /// difference.
  std::string digest() const;
  /// nullptr when there is none of that path.
  const Entry* entry(std::string_view path) const;
};

struct Contents {
  int version = 0;  ///< grows by one with each export that is stored
  std::string site;
  std::string host;
  std::string bkp_version;
  int catalog_version = 0;  ///< of the schema this bkp works with
  int server_version = 0;   ///< 150018
  util::Time collected_at;
  std::vector<Section> sections;

  /// Two exports with the same one have the same in all their sections.
  std::string digest() const;
  const Section* section(std::string_view name) const;
};

/// A name for a file in the archive: what is not [A-Za-z0-9._-] becomes "_".
std::string harmless_name(std::string_view name);

}  // namespace bkp::exports
