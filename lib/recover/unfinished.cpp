#include "recover/unfinished.hpp"

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::recover {

namespace {

constexpr std::string_view comment_begin = "bkp: restore of ";
constexpr std::string_view comment_end = " not finished";
constexpr std::string_view lock_begin = "bkp restore ";
constexpr int first_with_force = 130000;

}  // namespace

std::string UnfinishedRestore::text() const {
  return fmt::format("database {} was left unfinished by a restore of {} that died",
                     util::quoted(database), util::printable(label));
}

std::string unfinished_comment(std::string_view label) {
  return fmt::format("{}{}{}", comment_begin, label, comment_end);
}

void announce_restore(pg::Connection& session, const std::string& database) {
  // Shared, and so never a wait: of two restores into one name CREATE DATABASE refuses one.
  session.exec("SELECT pg_catalog.pg_advisory_lock_shared(pg_catalog.hashtextextended($1, 0))",
               {fmt::format("{}{}", lock_begin, database)});
}

std::vector<UnfinishedRestore> unfinished_restores(pg::Connection& connection) {
  // Locks belong to the database they were taken in, which may be another one; pg_locks shows all.
  const auto rows = connection.exec(
      "SELECT datname, comment FROM (SELECT datname, pg_catalog.shobj_description(oid, "
      "'pg_database') AS comment FROM pg_catalog.pg_database) d "
      "WHERE pg_catalog.starts_with(comment, $1) AND pg_catalog.right(comment, $2::int) = $3 "
      "AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND "
      "l.objsubid = 1 AND ((l.classid::bigint << 32) | l.objid::bigint) = "
      "pg_catalog.hashtextextended($4 || d.datname::text, 0)) ORDER BY datname",
      {std::string{comment_begin}, std::to_string(comment_end.size()), std::string{comment_end},
       std::string{lock_begin}});
  std::vector<UnfinishedRestore> found;
  for (int row = 0; row < rows.rows(); ++row) {
    std::string label{rows.text(row, 1)};
    label.erase(label.size() - comment_end.size());
    label.erase(0, comment_begin.size());
    found.push_back({std::string{rows.text(row, 0)}, std::move(label)});
  }
  return found;
}

std::string drop_command(const pg::Connection& connection, const std::string& database) {
  return fmt::format("dropdb {}--maintenance-db={} -- {}",
                     connection.server_version() >= first_with_force ? "--force " : "",
                     util::shell_quoted(connection.conninfo().to_argument()),
                     util::shell_quoted(database));
}

}  // namespace bkp::recover
