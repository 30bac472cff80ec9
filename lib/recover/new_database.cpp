#include "recover/new_database.hpp"

#include <fmt/format.h>

#include "pg/roles.hpp"
#include "pg/sqlstate.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::recover {

namespace {

using util::Error;
using util::ErrorKind;

constexpr std::string_view invalid_parameter = "22023";
constexpr std::string_view wrong_object = "42809";
constexpr int first_with_force = 130000;
constexpr int first_with_providers = 150000;
constexpr int first_with_builtin_provider = 170000;

std::string locale_options(const pg::Connection& connection,
                           const backup::DatabaseProperties& original) {
  std::string sql =
      fmt::format(" ENCODING {} LC_COLLATE {} LC_CTYPE {}", connection.literal(original.encoding),
                  connection.literal(original.collate), connection.literal(original.ctype));
  if (connection.server_version() < first_with_providers || original.locale_provider.empty()) {
    return sql;
  }
  sql += fmt::format(" LOCALE_PROVIDER {}", connection.identifier(original.locale_provider));
  if (original.locale_provider == "icu") {
    sql += fmt::format(" ICU_LOCALE {}", connection.literal(original.icu_locale));
  } else if (original.locale_provider == "builtin" &&
             connection.server_version() >= first_with_builtin_provider) {
    sql += fmt::format(" BUILTIN_LOCALE {}", connection.literal(original.icu_locale));
  }
  return sql;
}

[[noreturn]] void explain(const pg::DatabaseError& error, const std::string& name,
                          const backup::DatabaseProperties& original) {
  if (error.sqlstate() == pg::sqlstate::duplicate_database) {
    throw Error{ErrorKind::refused,
                fmt::format("there is a database {} already", util::quoted(name)),
                "choose another name with --into"};
  }
  if (error.sqlstate() == invalid_parameter || error.sqlstate() == wrong_object) {
    throw pg::DatabaseError{
        fmt::format("database {} cannot be made like {}: {}", util::quoted(name),
                    util::quoted(original.name), error.message()),
        fmt::format("this server needs the locale {} for encoding {}; install it (locale-gen) and "
                    "restart PostgreSQL",
                    util::quoted(original.collate), original.encoding),
        error.sqlstate(), false};
  }
  throw error;
}

}  // namespace

void lift_timeouts(pg::Connection& connection) {
  // idle_session_timeout is there from version 14 on.
  connection.exec(
      "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN "
      "('statement_timeout', 'lock_timeout', 'idle_session_timeout', "
      "'idle_in_transaction_session_timeout', 'transaction_timeout')");
}

bool database_exists(pg::Connection& connection, const std::string& name) {
  return connection.exec("SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1", {name}).rows() >
         0;
}

void create_database_like(pg::Connection& connection, const backup::DatabaseProperties& original,
                          const std::string& name, const std::string& more) {
  std::string sql = fmt::format("CREATE DATABASE {} TEMPLATE template0{}",
                                connection.identifier(name), locale_options(connection, original));
  // Giving a database away takes the right to become the role that gets it.
  if (pg::may_become(connection, original.owner)) {
    sql += fmt::format(" OWNER {}", connection.identifier(original.owner));
  }
  if (!more.empty()) sql += " " + more;
  try {
    connection.exec(sql);
  } catch (const pg::DatabaseError& error) {
    explain(error, name, original);
  }
}

void drop_database(pg::Connection& connection, const std::string& name) {
  const bool can_force = connection.server_version() >= first_with_force;
  connection.exec(fmt::format("DROP DATABASE IF EXISTS {}{}", connection.identifier(name),
                              can_force ? " WITH (FORCE)" : ""));
}

NewDatabase::NewDatabase(run::Context& context, const pg::Conninfo& maintenance,
                         const backup::DatabaseProperties& original, std::string name,
                         const std::string& comment, const std::string& more)
    : NewDatabase{context, maintenance, std::move(name), comment,
                  [&](pg::Connection& connection, const std::string& chosen) {
                    create_database_like(connection, original, chosen, more);
                  }} {}

NewDatabase::NewDatabase(run::Context& context, const pg::Conninfo& maintenance, std::string name,
                         const std::string& comment, const Make& make)
    : m_context{context},
      m_connection{pg::Connection::open(maintenance, m_calm)},
      m_name{std::move(name)} {
  lift_timeouts(m_connection);
  make(m_connection, m_name);
  m_ours = true;
  try {
    set_comment(comment);
  } catch (const Error&) {
    // No destructor runs for an object whose constructor throws.
    drop();
    throw;
  }
}

NewDatabase::~NewDatabase() {
  if (!m_ours) return;
  try {
    drop();
  } catch (const Error& error) {
    m_context.log.warning("database {} could not be dropped: {}", util::quoted(m_name),
                          error.message());
  }
}

void NewDatabase::set_comment(const std::string& comment) {
  m_connection.exec(fmt::format("COMMENT ON DATABASE {} IS {}", m_connection.identifier(m_name),
                                m_connection.literal(comment)));
}

void NewDatabase::drop() {
  m_ours = false;
  try {
    drop_database(m_connection, m_name);
  } catch (const pg::DatabaseError& error) {
    if (!error.connection_lost()) throw;
    m_connection = pg::Connection::open(m_connection.conninfo(), m_calm);
    drop_database(m_connection, m_name);
  }
}

}  // namespace bkp::recover
