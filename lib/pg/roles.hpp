#pragma once

#include <string>

#include "pg/connection.hpp"

namespace bkp::pg {

bool role_exists(Connection& connection, const std::string& role);

/// Whether this session's user may SET ROLE to `role`, and so own things in its name. False when
/// there is no such role.
bool may_become(Connection& connection, const std::string& role);

}  // namespace bkp::pg
