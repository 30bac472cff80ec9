#include "recover/globals.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "backup/parts.hpp"
#include "pg/roles.hpp"
#include "recover/sql_text.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::recover {

namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Globals::Role& role_entry(Globals& globals, const std::string& name) {
  for (auto& role : globals.roles) {
    if (role.name == name) return role;
  }
  return globals.roles.emplace_back(Globals::Role{name, {}});
}

/// "GRANT a TO b …": a membership. A grant of privileges has ON before its TO.
void add_membership(Globals& globals, const std::vector<Token>& tokens, std::string statement) {
  if (tokens.size() < 4 || !tokens[1].is_name() || !tokens[2].is_word("to")) return;
  globals.memberships.push_back({tokens[1].text, tokens[3].text, std::move(statement)});
}

/// Names after TO, FROM, FOR ROLE and SESSION AUTHORIZATION outside parentheses.
void collect_roles(const std::vector<Token>& tokens, std::set<std::string>& roles) {
  int depth = 0;
  bool listing = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.is_symbol('(')) ++depth;
    if (token.is_symbol(')')) --depth;
    if (depth > 0) continue;
    if (token.is_word("to") || token.is_word("from") || token.is_word("authorization") ||
        (token.is_word("role") && i > 0 && tokens[i - 1].is_word("for"))) {
      listing = true;
    } else if (listing && token.is_name()) {
      if (!token.is_word("public")) roles.insert(token.text);
      // Only a comma goes on with the list.
      listing = i + 1 < tokens.size() && tokens[i + 1].is_symbol(',');
    } else if (!token.is_symbol(',')) {
      listing = false;
    }
  }
}

bool names_roles(const pg::ArchiveEntry& entry) {
  return entry.description == "ACL" || entry.description == "DEFAULT ACL" ||
         entry.description == "POLICY";
}

}  // namespace

const Globals::Role* Globals::role(std::string_view name) const {
  const auto found = std::find_if(roles.begin(), roles.end(),
                                  [&](const Role& candidate) { return candidate.name == name; });
  return found == roles.end() ? nullptr : &*found;
}

Globals parse_globals(std::string_view script) {
  Globals globals;
  for (auto& statement : split_statements(script)) {
    const auto tokens = tokenize(statement);
    if (tokens.size() < 3) continue;
    const bool about_role =
        starts_with(tokens, {"create", "role"}) || starts_with(tokens, {"alter", "role"});
    if (about_role) {
      const bool for_one_database = tokens.size() > 4 && tokens[3].is_word("in");
      if (!for_one_database) {
        role_entry(globals, tokens[2].text).statements.push_back(std::move(statement));
      }
    } else if (starts_with(tokens, {"comment", "on", "role"}) && tokens.size() > 3) {
      role_entry(globals, tokens[3].text).statements.push_back(std::move(statement));
    } else if (starts_with(tokens, {"grant"})) {
      add_membership(globals, tokens, std::move(statement));
    }
  }
  return globals;
}

Globals read_globals(const backup::Source& source) {
  const backup::Part* part = source.manifest().part("globals");
  if (part == nullptr) return {};
  stream::StringSink text;
  backup::fetch_part(*source.store.store, source.layout, source.manifest(), *part, source.keys,
                     text);
  return parse_globals(text.text());
}

std::vector<std::string> roles_needed(const std::vector<pg::ArchiveEntry>& entries,
                                      std::string_view database_owner) {
  std::set<std::string> roles;
  for (const auto& entry : entries) {
    if (!entry.owner.empty()) roles.insert(entry.owner);
    if (!names_roles(entry)) continue;
    for (const auto& statement : split_statements(entry.definition)) {
      collect_roles(tokenize(statement), roles);
    }
  }
  if (!database_owner.empty()) roles.emplace(database_owner);
  std::erase_if(roles, [](const std::string& role) { return role.starts_with("pg_"); });
  return {roles.begin(), roles.end()};
}

std::vector<std::string> missing_roles(pg::Connection& connection,
                                       const std::vector<std::string>& names) {
  std::vector<std::string> missing;
  for (const auto& name : names) {
    if (!pg::role_exists(connection, name)) missing.push_back(name);
  }
  return missing;
}

std::vector<std::string> owners_out_of_reach(pg::Connection& connection,
                                             const std::vector<pg::ArchiveEntry>& entries) {
  std::set<std::string> owners;
  for (const auto& entry : entries) {
    const bool of_database = entry.description.starts_with("DATABASE") ||
                             (entry.schema.empty() && entry.tag.starts_with("DATABASE "));
    if (!of_database && !entry.owner.empty() && !entry.owner.starts_with("pg_")) {
      owners.insert(entry.owner);
    }
  }
  std::vector<std::string> result;
  for (const auto& owner : owners) {
    const bool reached = pg::may_become(connection, owner);
    if (!reached && pg::role_exists(connection, owner)) result.push_back(owner);
  }
  return result;
}

std::vector<std::string> create_roles(pg::Connection& connection, const Globals& globals,
                                      const std::vector<std::string>& names) {
  std::vector<std::string> problems;
  pg::Transaction transaction{connection};
  for (const auto& name : names) {
    const auto* role = globals.role(name);
    if (role == nullptr) {
      throw util::Error{util::ErrorKind::not_found,
                        fmt::format("the backup's globals have no role {}", util::quoted(name)),
                        "create it by hand, or restore with --no-owner"};
    }
    util::with_context(fmt::format("creating role {}", util::quoted(name)), [&] {
      for (const auto& statement : role->statements) connection.exec(statement);
    });
  }
  for (const auto& membership : globals.memberships) {
    if (!contains(names, membership.member)) continue;
    try {
      connection.exec("SAVEPOINT membership");
      connection.exec(membership.statement);
    } catch (const pg::DatabaseError& error) {
      if (error.connection_lost()) throw;
      connection.exec("ROLLBACK TO SAVEPOINT membership");
      problems.push_back(fmt::format("role {} was not made a member of {}: {}",
                                     util::quoted(membership.member), util::quoted(membership.role),
                                     error.message()));
    }
  }
  transaction.commit();
  return problems;
}

}  // namespace bkp::recover
