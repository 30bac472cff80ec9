#include "catalog/migrate.hpp"

#include <map>

#include <fmt/format.h>

#include "catalog/migrations.hpp"
#include "catalog/roles.hpp"
#include "catalog/session.hpp"
#include "pg/advisory_lock.hpp"
#include "pg/roles.hpp"
#include "pg/sqlstate.hpp"
#include "util/text.hpp"

namespace bkp::catalog {

namespace {

constexpr auto no_such_database = "3D000";

/// What is known of the schema in the database: who may change it, what was applied.
struct SchemaState {
  bool exists = false;
  bool is_owner = false;
  std::string owner;
  std::map<int, std::string> applied;  // version → SHA-256
  int version() const { return applied.empty() ? 0 : applied.rbegin()->first; }
};

SchemaState read_state(pg::Connection& connection, const std::string& schema) {
  SchemaState state;
  const auto owner = connection.exec(
      "SELECT pg_get_userbyid(nspowner), pg_has_role(current_user, nspowner, 'USAGE'), "
      "has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1",
      {schema});
  if (owner.rows() == 0) return state;
  state.exists = true;
  state.owner = owner.text(0, 0);
  state.is_owner = owner.boolean(0, 1);
  if (!owner.boolean(0, 2)) {
    throw pg::DatabaseError{fmt::format("{} may not use schema {}",
                                        connection.conninfo().describe(), util::quoted(schema)),
                            fmt::format("grant it a role: GRANT {} TO …", writer_role),
                            pg::sqlstate::insufficient_privilege, false};
  }
  const auto table = connection.exec(
      "SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_migrations'", {schema});
  if (table.rows() == 0) return state;
  const auto rows = connection.exec("SELECT version, sha256 FROM " + connection.identifier(schema) +
                                    ".schema_migrations");
  for (int row = 0; row < rows.rows(); ++row) {
    state.applied[static_cast<int>(rows.integer(row, 0))] = rows.text(row, 1);
  }
  return state;
}

void require_known_history(const SchemaState& state, const std::string& schema) {
  if (state.version() > newest_version()) throw_newer_schema(schema, state.version());
  for (const auto& migration : migrations()) {
    const auto applied = state.applied.find(migration.version);
    if (applied == state.applied.end() || applied->second == migration.sha256) continue;
    throw pg::DatabaseError{
        fmt::format("migration {} was changed after it was applied to schema {}", migration.name,
                    util::quoted(schema)),
        "this bkp and the one that made the catalog are of different builds; use a released one",
        "", false};
  }
}

std::vector<Migration> missing_migrations(const SchemaState& state) {
  std::vector<Migration> missing;
  for (const auto& migration : migrations()) {
    if (!state.applied.contains(migration.version)) missing.push_back(migration);
  }
  return missing;
}

// nullopt when the server has no such database.
std::optional<pg::Connection> connect(const pg::Conninfo& conninfo,
                                      const util::Interrupt& interrupt) {
  try {
    return pg::Connection::open(session_conninfo(conninfo), interrupt);
  } catch (const pg::DatabaseError& error) {
    if (error.sqlstate() != no_such_database) throw;
    return std::nullopt;
  }
}

void create_database(const pg::Conninfo& conninfo, const util::Interrupt& interrupt) {
  auto connection =
      pg::Connection::open(session_conninfo(conninfo).with_database("postgres"), interrupt);
  const auto name = connection.identifier(conninfo.get("dbname").value_or("bkp"));
  try {
    // template0 and C: the only choice that works whatever the cluster's own locale.
    connection.exec("CREATE DATABASE " + name +
                    " TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
  } catch (const pg::DatabaseError& error) {
    const bool somebody_was_quicker = error.sqlstate() == pg::sqlstate::duplicate_database ||
                                      error.sqlstate() == pg::sqlstate::unique_violation;
    if (!somebody_was_quicker) throw;
  }
}

std::int64_t lock_key(const std::string& schema) {
  return pg::advisory_key("bkp migrate " + schema);
}

/// The work of one transaction.
class Migrator {
 public:
  Migrator(pg::Connection& connection, const std::string& schema, MigrationOutcome& outcome)
      : m_connection{connection}, m_schema{schema}, m_outcome{outcome} {}

  void run() {
    pg::Transaction transaction{m_connection};
    m_connection.exec("SELECT pg_advisory_xact_lock($1::bigint)",
                      {std::to_string(lock_key(m_schema))});
    // Who held the lock may have done it all.
    const auto state = read_state(m_connection, m_schema);
    require_known_history(state, m_schema);
    m_outcome.from_version = state.version();
    m_outcome.notices = create_missing_roles(m_connection);
    create_schema(state);
    act_as_owner();
    m_connection.exec("SET LOCAL search_path = " + m_connection.identifier(m_schema) + ", pg_temp");
    apply(missing_migrations(state));
    grant_to_roles(m_connection, m_schema);
    transaction.commit();
  }

 private:
  void create_schema(const SchemaState& state) {
    if (state.exists) return;
    auto sql = "CREATE SCHEMA " + m_connection.identifier(m_schema);
    if (pg::may_become(m_connection, owner_role))
      sql += std::string{" AUTHORIZATION "} + owner_role;
    m_connection.exec(sql);
  }

  void act_as_owner() {
    const auto state = read_state(m_connection, m_schema);
    if (!pg::may_become(m_connection, state.owner)) {
      throw pg::DatabaseError{
          fmt::format("{} may not change schema {}, which belongs to {}",
                      m_connection.conninfo().describe(), util::quoted(m_schema),
                      util::quoted(state.owner)),
          fmt::format(
              "give --config a file whose catalog.conninfo names the owner, or: GRANT {} TO …",
              m_connection.identifier(state.owner)),
          pg::sqlstate::insufficient_privilege, false};
    }
    m_connection.exec("SET LOCAL ROLE " + m_connection.identifier(state.owner));
  }

  void apply(const std::vector<Migration>& missing) {
    m_connection.exec(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, "
        "name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())");
    for (const auto& migration : missing) {
      util::with_context("applying " + migration.name,
                         [&] { m_connection.exec(std::string{migration.text}); });
      m_connection.exec(
          "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1::integer, $2, $3)",
          {std::to_string(migration.version), migration.name, migration.sha256});
      m_outcome.applied.push_back(migration.name);
    }
  }

  pg::Connection& m_connection;
  const std::string& m_schema;
  MigrationOutcome& m_outcome;
};

void plan(MigrationOutcome& outcome, const SchemaState& state) {
  outcome.from_version = state.version();
  for (const auto& migration : missing_migrations(state)) outcome.applied.push_back(migration.name);
}

}  // namespace

MigrationOutcome migrate(const pg::Conninfo& conninfo, const std::string& schema,
                         bool create_database_too, bool dry_run, const util::Interrupt& interrupt) {
  MigrationOutcome outcome;
  outcome.to_version = newest_version();
  auto connection = connect(conninfo, interrupt);
  if (!connection) {
    outcome.database_created = create_database_too;
    if (dry_run && create_database_too) {
      plan(outcome, {});
      return outcome;
    }
    if (create_database_too) create_database(conninfo, interrupt);
    connection = pg::Connection::open(session_conninfo(conninfo), interrupt);
  }
  const auto state = read_state(*connection, schema);
  require_known_history(state, schema);
  const bool nothing_to_do = state.version() == newest_version() && !state.is_owner;
  if (dry_run || nothing_to_do) {
    plan(outcome, state);
  } else {
    Migrator{*connection, schema, outcome}.run();
  }
  return outcome;
}

}  // namespace bkp::catalog
