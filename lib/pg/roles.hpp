#pragma once

#include <string>

#include "pg/connection.hpp"

namespace bkp::pg {

/// Whether what this session does is done as a superuser; follows SET ROLE.
bool is_superuser(Connection& connection);

bool role_exists(Connection& connection, const std::string& role);

/// Whether this session's user may SET ROLE to `role`, and so own things in its name. False when
/// there is no such role.
bool may_become(Connection& connection, const std::string& role);

}  // namespace bkp::pg
