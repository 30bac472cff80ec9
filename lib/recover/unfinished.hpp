#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.hpp"

namespace bkp::recover {

/// A restore that is killed leaves its database. Nobody drops it unasked: half a database may be
/// the most there is. So it is named, with the command that drops it. It is known by its comment,
/// and the restore to be dead by an advisory lock that nobody holds.
struct UnfinishedRestore {
  std::string database;
  std::string label;  ///< of the backup

  /// One sentence for people, made printable.
  std::string text() const;
};

/// The comment of a database that is being restored from the backup `label`.
std::string unfinished_comment(std::string_view label);

/// Says that the restore into `database` is alive, as long as the session is. To be called before
/// the database is made.
void announce_restore(pg::Connection& session, const std::string& database);

/// What dead restores left on the server, whatever database `connection` is to. By name.
std::vector<UnfinishedRestore> unfinished_restores(pg::Connection& connection);

/// A line for a shell that drops `database` over `connection`'s server, without a password.
std::string drop_command(const pg::Connection& connection, const std::string& database);

}  // namespace bkp::recover
