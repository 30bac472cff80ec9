#include "backup/databases.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pg/sqlstate.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

namespace {

/// The locale columns of pg_database, which came with ICU (15) and were renamed with the builtin
/// provider (17).
std::string locale_columns(int server_version) {
  if (server_version >= 170000) return "datlocprovider::text, coalesce(datlocale, '')";
  if (server_version >= 150000) return "datlocprovider::text, coalesce(daticulocale, '')";
  return "'c', ''";
}

std::string provider_name(std::string_view code) {
  if (code == "i") return "icu";
  if (code == "b") return "builtin";
  return "libc";
}

std::vector<DatabaseProperties> connectable_databases(pg::Connection& connection) {
  const auto rows = connection.exec(fmt::format(
      "select datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, "
      "datctype, {}, "
      "case when has_database_privilege(oid, 'connect') then pg_database_size(oid) else 0 end "
      "from pg_database where datallowconn and not datistemplate order by datname collate \"C\"",
      locale_columns(connection.server_version())));
  std::vector<DatabaseProperties> databases;
  for (int row = 0; row < rows.rows(); ++row) {
    DatabaseProperties database;
    database.name = rows.text(row, 0);
    database.owner = rows.text(row, 1);
    database.encoding = rows.text(row, 2);
    database.collate = rows.text(row, 3);
    database.ctype = rows.text(row, 4);
    database.locale_provider = provider_name(rows.text(row, 5));
    database.icu_locale = rows.text(row, 6);
    database.size_bytes = rows.integer(row, 7);
    databases.push_back(std::move(database));
  }
  return databases;
}

bool matches_any(const std::string& name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
    return name == pattern || util::matches_pattern(name, pattern);
  });
}

}  // namespace

std::vector<DatabaseProperties> select_databases(pg::Connection& connection,
                                                 const config::Databases& wanted,
                                                 const std::vector<std::string>& names,
                                                 const std::string& verify_prefix) {
  auto databases = connectable_databases(connection);
  if (!names.empty()) {
    std::vector<DatabaseProperties> chosen;
    for (const auto& name : names) {
      const auto found = std::find_if(databases.begin(), databases.end(),
                                      [&](const auto& database) { return database.name == name; });
      if (found == databases.end()) {
        throw Error{ErrorKind::not_found,
                    fmt::format("there is no database {} on {}", util::quoted(name),
                                connection.conninfo().describe_server()),
                    "`psql -l` lists the databases; templates and those that allow no connection "
                    "are not backed up"};
      }
      chosen.push_back(*found);
    }
    return chosen;
  }
  std::erase_if(databases, [&](const auto& database) {
    return !matches_any(database.name, wanted.include) ||
           matches_any(database.name, wanted.exclude) ||
           (!verify_prefix.empty() && database.name.starts_with(verify_prefix));
  });
  return databases;
}

std::vector<std::string> missing_databases(const std::vector<DatabaseProperties>& chosen,
                                           const config::Databases& wanted) {
  std::vector<std::string> missing;
  for (const auto& name : wanted.include) {
    const bool there = std::ranges::find(chosen, name, &DatabaseProperties::name) != chosen.end();
    if (!there && util::is_literal_pattern(name) && !matches_any(name, wanted.exclude))
      missing.push_back(name);
  }
  return missing;
}

std::string name_with_suffix(std::string_view name, std::string_view suffix) {
  std::size_t length = name.size();
  if (length + suffix.size() > longest_name) {
    length = longest_name - suffix.size();
    const auto continues = [&](std::size_t i) {
      return (static_cast<unsigned char>(name[i]) & 0xC0U) == 0x80U;
    };
    while (length > 0 && continues(length)) --length;
  }
  return std::string{name.substr(0, length)} + std::string{suffix};
}

std::string system_identifier(pg::Connection& connection) {
  try {
    return std::string{
        connection.exec("select system_identifier::text from pg_control_system()").single()};
  } catch (const pg::DatabaseError& error) {
    if (error.sqlstate() != pg::sqlstate::insufficient_privilege) throw;
    return {};
  }
}

}  // namespace bkp::backup
