#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backup/manifest.hpp"
#include "config/config.hpp"
#include "pg/connection.hpp"

namespace bkp::backup {

/// The connectable non-template databases of the cluster that `wanted` includes and does not
/// exclude, sorted by name. With `names` given, exactly those, whatever `wanted` says; an absent
/// one is Error{not_found}. Databases made by a verification (`verify_prefix`) are left out unless
/// named.
std::vector<DatabaseProperties> select_databases(pg::Connection& connection,
                                                 const config::Databases& wanted,
                                                 const std::vector<std::string>& names,
                                                 const std::string& verify_prefix);

/// The names (not patterns) that `wanted` includes and does not exclude, and which are not among
/// the `chosen`.
std::vector<std::string> missing_databases(const std::vector<DatabaseProperties>& chosen,
                                           const config::Databases& wanted);

/// What PostgreSQL keeps of a name, in bytes; the rest it cuts off.
inline constexpr std::size_t longest_name = 63;

/// `name` + `suffix`, the name cut between characters so that the whole is not too long.
std::string name_with_suffix(std::string_view name, std::string_view suffix);

/// pg_control_system()'s identifier; empty where this role may not ask.
std::string system_identifier(pg::Connection& connection);

}  // namespace bkp::backup
