#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "pg/conninfo.hpp"
#include "util/environment.hpp"

namespace bkp::pg {

/// The password file that libpq looks into for this connection: passfile, else $PGPASSFILE, else
/// ~/.pgpass. nullopt where the password comes from elsewhere, or no place is known.
std::optional<std::filesystem::path> password_file_of(const Conninfo& conninfo,
                                                      const util::Environment& environment);

/// Why libpq passes over this password file, e.g. "others may look into it (mode 0644)"; nullopt
/// when it reads it, or there is none. The rule is libpq's, in passwordFromFile(): a plain file,
/// and nothing for group and others.
std::optional<std::string> why_passed_over(const std::filesystem::path& password_file);

}  // namespace bkp::pg
