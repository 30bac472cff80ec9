#include "pg/roles.hpp"

namespace bkp::pg {

bool is_superuser(Connection& connection) {
  return connection.exec("SELECT pg_catalog.current_setting('is_superuser')::bool").boolean(0, 0);
}

bool role_exists(Connection& connection, const std::string& role) {
  return connection.exec("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", {role}).rows() > 0;
}

bool may_become(Connection& connection, const std::string& role) {
  // From 16 on a membership may come without the right to SET ROLE.
  const char* const privilege = connection.server_version() >= 160000 ? "SET" : "MEMBER";
  return connection
             .exec(
                 "SELECT FROM pg_catalog.pg_roles WHERE rolname = $1 AND "
                 "pg_catalog.pg_has_role(oid, $2)",
                 {role, privilege})
             .rows() > 0;
}

}  // namespace bkp::pg
