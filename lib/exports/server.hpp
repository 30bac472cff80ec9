#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exports/contents.hpp"
#include "run/context.hpp"

namespace bkp::exports {

/// The server's own configuration.

/// The files that a file of settings includes, in its order, as guc-file.l reads them: include,
/// include_if_exists, include_dir. A path is relative to the file's own directory.
struct Include {
  enum class What { file, file_if_exists, directory };
  What what = What::file;
  std::filesystem::path path;
  bool operator==(const Include&) const = default;
};
std::vector<Include> includes_of_settings(std::string_view text, const std::filesystem::path& file);
/// The same of pg_hba.conf and pg_ident.conf (hba.c): since PostgreSQL 16 the directives above, and
/// at all times @FILE in place of a name.
std::vector<Include> includes_of_access_rules(std::string_view text,
                                              const std::filesystem::path& file);

/// For a section `server`: postgresql.conf, postgresql.auto.conf, pg_hba.conf, pg_ident.conf and
/// all that they include; the settings that differ from the defaults, wherever they come from; and
/// roles, tablespaces and grants, with passwords where the role may read them and `with_passwords`.
/// Files are read on this host where the server is here, else through it. Throws DatabaseError,
/// Error{store}.
std::vector<Entry> read_server(run::Context& context, std::string_view section, bool with_passwords,
                               std::vector<std::string>& notes);

}  // namespace bkp::exports
