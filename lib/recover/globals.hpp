#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backup/source.hpp"
#include "pg/archive_reader.hpp"
#include "pg/connection.hpp"
#include "run/context.hpp"
#include "store/store.hpp"

namespace bkp::recover {

/// The roles of a cluster, from the script that `pg_dumpall --globals-only` wrote.
struct Globals {
  struct Role {
    std::string name;
    /// CREATE ROLE, ALTER ROLE and COMMENT ON ROLE about it. Settings for one database only
    /// (ALTER ROLE … IN DATABASE) are left out.
    std::vector<std::string> statements;
  };
  struct Membership {
    std::string role;
    std::string member;
    std::string statement;
  };
  std::vector<Role> roles;
  std::vector<Membership> memberships;

  const Role* role(std::string_view name) const;
};

/// Throws Error{damaged} when the text ends inside a statement.
Globals parse_globals(std::string_view script);

/// Fetches and parses the globals of a backup; empty when it has none.
Globals read_globals(const backup::Source& source);

/// The roles an archive needs on the server: owners, grantees, those of default privileges and
/// policies. Sorted, without PUBLIC and the roles PostgreSQL brings (pg_…).
std::vector<std::string> roles_needed(const std::vector<pg::ArchiveEntry>& entries,
                                      std::string_view database_owner);

/// Those of `names` that the server does not have.
std::vector<std::string> missing_roles(pg::Connection& connection,
                                       const std::vector<std::string>& names);

/// Owners in the archive that the session's role may not give anything to: none for a superuser.
/// Sorted; those that are missing on the server are not among them, nor is the database's own
/// owner.
std::vector<std::string> owners_out_of_reach(pg::Connection& connection,
                                             const std::vector<pg::ArchiveEntry>& entries);

/// Creates the roles named, and makes them members of what they were members of as far as that
/// exists. Existing roles stay as they are. All or none: one transaction. A name the globals do
/// not have is Error{not_found}. Returns what could not be given to the new roles, for warnings.
std::vector<std::string> create_roles(pg::Connection& connection, const Globals& globals,
                                      const std::vector<std::string>& names);

}  // namespace bkp::recover
