#include "catalog/roles.hpp"

#include <array>

#include <fmt/format.h>

#include "catalog/migrations.hpp"
#include "pg/roles.hpp"
#include "pg/sqlstate.hpp"

namespace bkp::catalog {

namespace {

// Runs the statement in a savepoint, so that a refusal does not end the transaction; returns the
// SQLSTATE.
std::string try_statement(pg::Connection& connection, const std::string& sql) {
  connection.exec("SAVEPOINT attempt");
  try {
    connection.exec(sql);
  } catch (const pg::DatabaseError& error) {
    if (error.connection_lost()) throw;
    connection.exec("ROLLBACK TO SAVEPOINT attempt");
    return error.sqlstate();
  }
  connection.exec("RELEASE SAVEPOINT attempt");
  return {};
}

}  // namespace

std::vector<std::string> create_missing_roles(pg::Connection& connection) {
  std::vector<std::string> notices;
  for (const std::string role : {owner_role, writer_role, reader_role}) {
    if (pg::role_exists(connection, role)) continue;
    const auto sql = "CREATE ROLE " + role + " NOLOGIN";
    const auto state = try_statement(connection, sql);
    // Roles belong to the cluster: a migration of another catalog may be making them right now.
    if (state.empty() || state == pg::sqlstate::duplicate_object ||
        state == pg::sqlstate::unique_violation)
      continue;
    if (state != pg::sqlstate::insufficient_privilege) connection.exec(sql);
    notices.push_back(
        fmt::format("role {} is missing and this user may not create it; a superuser "
                    "can, with: {}; then run `bkp catalog migrate` again",
                    role, sql));
  }
  return notices;
}

void grant_to_roles(pg::Connection& connection, const std::string& schema) {
  for (const std::string role : {writer_role, reader_role}) {
    if (!pg::role_exists(connection, role)) return;
  }
  connection.exec(fmt::format("GRANT USAGE ON SCHEMA {} TO {}, {}", connection.identifier(schema),
                              writer_role, reader_role));
  connection.exec(std::string{grants()});
}

}  // namespace bkp::catalog
