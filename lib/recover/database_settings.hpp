#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.hpp"

namespace bkp::recover {

/// What belongs to a database and not to its contents, as it stands in the cluster's catalogs now.
/// What a dump holds of it is HeldProperties.
struct DatabaseSettings {
  struct Setting {
    std::string role;  ///< empty: for every role (ALTER DATABASE … SET)
    std::string name;
    std::string value;
  };
  struct Privilege {
    std::string grantee;  ///< empty: PUBLIC
    std::string privilege;
    bool grantable = false;
  };
  std::string owner;
  std::string tablespace;
  std::optional<std::string> comment;
  int connection_limit = -1;
  bool is_template = false;
  bool allows_connections = true;
  std::vector<Setting> settings;
  bool has_privileges = false;  ///< false: PostgreSQL's defaults, `privileges` is empty
  std::vector<Privilege> privileges;
};

/// nullopt when there is no such database.
std::optional<DatabaseSettings> read_database_settings(pg::Connection& connection,
                                                       const std::string& name);

/// Gives database `name` everything but the tablespace. May run inside a transaction.
void apply_database_settings(pg::Connection& connection, const std::string& name,
                             const DatabaseSettings& settings);

/// Only who may connect.
void apply_privileges(pg::Connection& connection, const std::string& name,
                      const DatabaseSettings& settings);

/// Only the settings for every role, except those that would keep a restore from writing; so that
/// a copy reads and shows times, money and names as the original does. Not for use inside a
/// transaction. Returns what this role may not set, in words.
std::vector<std::string> apply_session_settings(pg::Connection& connection, const std::string& name,
                                                const DatabaseSettings& settings);

/// True for a setting with which a database cannot be filled as what it is.
bool keeps_from_writing(std::string_view setting);

/// The value of a setting as it stands after `TO`. Settings that are lists of names (search_path …)
/// are stored as one text with quoted elements and must be taken apart; pg_dump does the same
/// (variable_is_guc_list_quote in PostgreSQL's src/bin/pg_dump/dumputils.c).
std::string setting_as_sql(const pg::Connection& connection, std::string_view name,
                           std::string_view value);

}  // namespace bkp::recover
