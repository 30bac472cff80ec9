#include "recover/database_settings.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::recover {

namespace {

constexpr std::array list_settings{"local_preload_libraries",   "search_path",
                                   "session_preload_libraries", "shared_preload_libraries",
                                   "temp_tablespaces",          "unix_socket_directories"};
// "role" would make another role the owner of what is restored.
constexpr std::array write_blockers{"default_transaction_read_only", "transaction_read_only",
                                    "role"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const char* candidate) { return name == candidate; });
}

/// "name=value", as in pg_db_role_setting.setconfig.
DatabaseSettings::Setting to_setting(std::string role, std::string_view text) {
  const auto equals = std::min(text.find('='), text.size());
  return {std::move(role), std::string{text.substr(0, equals)},
          std::string{text.substr(std::min(equals + 1, text.size()))}};
}

void read_settings(pg::Connection& connection, const std::string& name, DatabaseSettings& result) {
  const auto rows = connection.exec(
      "SELECT coalesce(r.rolname, ''), c.setting FROM pg_catalog.pg_db_role_setting s "
      "JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase "
      "LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, "
      "pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS c(setting, position) "
      "WHERE d.datname = $1 AND (s.setrole = 0 OR r.rolname IS NOT NULL) "
      "ORDER BY s.setrole, c.position",
      {name});
  for (int i = 0; i < rows.rows(); ++i) {
    result.settings.push_back(to_setting(std::string{rows.text(i, 0)}, rows.text(i, 1)));
  }
}

void read_privileges(pg::Connection& connection, const std::string& name,
                     DatabaseSettings& result) {
  const auto rows = connection.exec(
      "SELECT coalesce(r.rolname, ''), a.privilege_type, a.is_grantable "
      "FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) WITH ORDINALITY a "
      "LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee "
      "WHERE d.datname = $1 AND (a.grantee = 0 OR r.rolname IS NOT NULL) ORDER BY a.ordinality",
      {name});
  for (int i = 0; i < rows.rows(); ++i) {
    result.privileges.push_back(
        {std::string{rows.text(i, 0)}, std::string{rows.text(i, 1)}, rows.boolean(i, 2)});
  }
}

void apply_setting(pg::Connection& connection, const std::string& database,
                   const DatabaseSettings::Setting& setting) {
  const auto value = setting_as_sql(connection, setting.name, setting.value);
  // A name like "myextension.level" is two identifiers.
  std::string parameter;
  for (std::size_t begin = 0; begin <= setting.name.size();) {
    const auto dot = std::min(setting.name.find('.', begin), setting.name.size());
    parameter +=
        (begin > 0 ? "." : "") + connection.identifier(setting.name.substr(begin, dot - begin));
    begin = dot + 1;
  }
  const auto subject = setting.role.empty() ? "DATABASE " + connection.identifier(database)
                                            : fmt::format("ROLE {} IN DATABASE {}",
                                                          connection.identifier(setting.role),
                                                          connection.identifier(database));
  connection.exec(fmt::format("ALTER {} SET {} TO {}", subject, parameter, value));
}

}  // namespace

std::string setting_as_sql(const pg::Connection& connection, std::string_view name,
                           std::string_view value) {
  if (!is_one_of(list_settings, name)) return connection.literal(value);
  std::string sql;
  std::string element;
  const auto end_element = [&] {
    sql += (sql.empty() ? "" : ", ") + connection.literal(element);
    element.clear();
  };
  bool any = false;
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    any = true;
    if (c == '"' && quoted && value.substr(i + 1, 1) == "\"") {
      element += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      end_element();
    } else if (quoted || (c != ' ' && c != '\t')) {
      element += c;
    }
  }
  if (any) end_element();
  // SET … TO '' is how an empty list is written.
  return sql.empty() ? "''" : sql;
}

std::optional<DatabaseSettings> read_database_settings(pg::Connection& connection,
                                                       const std::string& name) {
  const auto row = connection.exec(
      "SELECT pg_catalog.pg_get_userbyid(d.datdba), t.spcname, "
      "pg_catalog.shobj_description(d.oid, 'pg_database'), d.datconnlimit, d.datistemplate, "
      "d.datallowconn, d.datacl IS NOT NULL FROM pg_catalog.pg_database d "
      "JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1",
      {name});
  if (row.rows() == 0) return std::nullopt;
  DatabaseSettings result;
  result.owner = row.text(0, 0);
  result.tablespace = row.text(0, 1);
  result.comment = row.optional_text(0, 2);
  result.connection_limit = static_cast<int>(row.integer(0, 3));
  result.is_template = row.boolean(0, 4);
  result.allows_connections = row.boolean(0, 5);
  result.has_privileges = row.boolean(0, 6);
  read_settings(connection, name, result);
  read_privileges(connection, name, result);
  return result;
}

void apply_database_settings(pg::Connection& connection, const std::string& name,
                             const DatabaseSettings& settings) {
  const auto database = connection.identifier(name);
  connection.exec(fmt::format("ALTER DATABASE {} OWNER TO {}", database,
                              connection.identifier(settings.owner)));
  apply_privileges(connection, name, settings);
  for (const auto& setting : settings.settings) apply_setting(connection, name, setting);
  connection.exec(fmt::format("COMMENT ON DATABASE {} IS {}", database,
                              settings.comment ? connection.literal(*settings.comment) : "NULL"));
  connection.exec(fmt::format(
      "ALTER DATABASE {} WITH CONNECTION LIMIT {} IS_TEMPLATE {} ALLOW_CONNECTIONS {}", database,
      settings.connection_limit, settings.is_template, settings.allows_connections));
}

void apply_privileges(pg::Connection& connection, const std::string& name,
                      const DatabaseSettings& settings) {
  if (!settings.has_privileges) return;
  const auto database = connection.identifier(name);
  std::string roles = "PUBLIC, " + connection.identifier(settings.owner);
  for (const auto& grant : settings.privileges) {
    if (!grant.grantee.empty()) roles += ", " + connection.identifier(grant.grantee);
  }
  connection.exec(fmt::format("REVOKE ALL ON DATABASE {} FROM {} CASCADE", database, roles));
  for (const auto& grant : settings.privileges) {
    connection.exec(
        fmt::format("GRANT {} ON DATABASE {} TO {}{}", grant.privilege, database,
                    grant.grantee.empty() ? "PUBLIC" : connection.identifier(grant.grantee),
                    grant.grantable ? " WITH GRANT OPTION" : ""));
  }
}

bool keeps_from_writing(std::string_view setting) {
  return is_one_of(write_blockers, setting);
}

std::vector<std::string> apply_session_settings(pg::Connection& connection, const std::string& name,
                                                const DatabaseSettings& settings) {
  std::vector<std::string> problems;
  for (const auto& setting : settings.settings) {
    if (!setting.role.empty() || keeps_from_writing(setting.name)) continue;
    try {
      apply_setting(connection, name, setting);
    } catch (const pg::DatabaseError& error) {
      if (error.connection_lost()) throw;
      problems.push_back(fmt::format("the original's setting {} was not taken over: {}",
                                     util::printable(setting.name), error.message()));
    }
  }
  return problems;
}

}  // namespace bkp::recover
