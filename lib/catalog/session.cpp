#include "catalog/session.hpp"

#include <fmt/format.h>

#include "catalog/migrate.hpp"
#include "util/text.hpp"

namespace bkp::catalog {

namespace {

constexpr auto no_such_table = "42P01";

pg::DatabaseError schema_error(const std::string& message, const char* hint) {
  return {message, hint, "", false};
}

void require_current(pg::Connection& connection, const std::string& schema) {
  int version = 0;
  try {
    version = static_cast<int>(
        connection.exec("SELECT coalesce(max(version), 0) FROM schema_migrations").integer(0, 0));
  } catch (const pg::DatabaseError& error) {
    if (error.sqlstate() != no_such_table) throw;
    throw schema_error(fmt::format("{} has no catalog schema {}", connection.conninfo().describe(),
                                   util::quoted(schema)),
                       "create it: bkp init");
  }
  if (version > newest_version()) throw_newer_schema(schema, version);
  if (version < newest_version()) {
    throw schema_error(fmt::format("catalog schema {} has version {}, this bkp needs {}",
                                   util::quoted(schema), version, newest_version()),
                       "bring it up to date: bkp catalog migrate");
  }
}

}  // namespace

pg::Conninfo session_conninfo(const pg::Conninfo& conninfo) {
  return conninfo.with("client_encoding", "UTF8")
      .with_default("connect_timeout", "5")
      .with_default("keepalives_idle", "10")
      .with_default("keepalives_interval", "5")
      .with_default("keepalives_count", "3")
      .with_default("tcp_user_timeout", "15000");
}

void prepare_session(pg::Connection& connection, const std::string& schema) {
  // Compiling a statement takes longer than any of the catalog's runs.
  connection.exec(
      "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET jit = off; SET work_mem = '64MB'; "
      "SET search_path = " +
      connection.identifier(schema) + ", pg_temp");
  // Between two records, and all along a lock, a whole backup may pass. From version 14 on.
  connection.exec(
      "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'");
}

pg::Connection open_session(const pg::Conninfo& conninfo, const std::string& schema,
                            const util::Interrupt& interrupt) {
  auto connection = pg::Connection::open(session_conninfo(conninfo), interrupt);
  prepare_session(connection, schema);
  require_current(connection, schema);
  return connection;
}

void throw_newer_schema(const std::string& schema, int version) {
  throw schema_error(fmt::format("catalog schema {} has version {}, newer than this bkp knows ({})",
                                 util::quoted(schema), version, newest_version()),
                     "a newer bkp was here: update this one too");
}

}  // namespace bkp::catalog
