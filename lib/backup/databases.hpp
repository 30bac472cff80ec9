#pragma once

#include <string>
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

/// pg_control_system()'s identifier; empty where this role may not ask.
std::string system_identifier(pg::Connection& connection);

}  // namespace bkp::backup
