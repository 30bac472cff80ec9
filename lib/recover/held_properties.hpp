#pragma once

#include <string>
#include <vector>

#include "pg/archive_reader.hpp"
#include "pg/connection.hpp"

namespace bkp::recover {

/// What an archive holds about its database as a whole. pg_restore leaves it out unless it makes
/// the database itself, under the old name. (PostgreSQL, src/bin/pg_dump/pg_dump.c, dumpDatabase:
/// entries DATABASE PROPERTIES, and ACL, COMMENT and SECURITY LABEL with the tag "DATABASE name".)
struct HeldProperties {
  struct Statement {
    enum class Kind {
      privilege,  ///< GRANT, REVOKE
      session,    ///< SET and RESET SESSION AUTHORIZATION around the grants of another role
      setting,    ///< ALTER DATABASE … SET, ALTER ROLE … IN DATABASE … SET
      property,   ///< connection limit, template
      comment,
      label,
    };
    Kind kind = Kind::property;
    std::string before;     ///< the SQL up to the database's name; all of it where there is none
    std::string after;      ///< and behind it
    std::string parameter;  ///< of a setting, in lower case
    bool for_everyone = false;  ///< a setting for every role, a privilege of PUBLIC alone
  };
  std::vector<Statement> statements;
  /// As they stand in the archive; nobody knows what they would do to a database of another name.
  std::vector<std::string> not_understood;
  std::string encoding;            ///< of the statements; empty: that of the session
  bool backslash_escapes = false;  ///< written with standard_conforming_strings off

  bool has_privileges() const;
};

/// Throws Error{damaged} when a statement ends inside a quoted text.
HeldProperties held_properties(const std::vector<pg::ArchiveEntry>& entries);

/// Before anything is loaded: who may connect, and the settings for every role that do not keep a
/// restore from writing. What fails here is left to apply_held_properties(), which names it. Not
/// for use inside a transaction.
void prepare_held_properties(pg::Connection& connection, const std::string& database,
                             const HeldProperties& held, bool no_owner);

/// Gives `database` all of it. With `no_owner`, of the privileges only those of PUBLIC, so that a
/// closed database does not come back open. To be called inside a transaction. Returns what could
/// not be applied and why, one sentence a statement, values of settings left out.
std::vector<std::string> apply_held_properties(pg::Connection& connection,
                                               const std::string& database,
                                               const HeldProperties& held, bool no_owner);

}  // namespace bkp::recover
