#include "recover/held_properties.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "recover/database_settings.hpp"
#include "recover/sql_text.hpp"
#include "util/text.hpp"

namespace bkp::recover {

namespace {

using Statement = HeldProperties::Statement;
using StatementKind = Statement::Kind;
using Tokens = std::vector<Token>;

/// What kind of statement it is, and which token is the database's name.
struct Form {
  StatementKind kind;
  std::optional<std::size_t> name;
};

bool word_at(const Tokens& tokens, std::size_t index, std::string_view word) {
  return index < tokens.size() && tokens[index].is_word(word);
}

/// GRANT and REVOKE on one database.
std::optional<Form> privilege_form(const Tokens& tokens) {
  for (std::size_t i = 1; i + 3 < tokens.size(); ++i) {
    if (!tokens[i].is_word("on")) continue;
    const bool of_database = word_at(tokens, i + 1, "database");
    const bool one = word_at(tokens, i + 3, "to") || word_at(tokens, i + 3, "from");
    return of_database && one ? std::optional{Form{StatementKind::privilege, i + 2}} : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Form> form_of(const Tokens& tokens) {
  if (starts_with(tokens, {"grant"}) || starts_with(tokens, {"revoke"})) {
    return privilege_form(tokens);
  }
  if (starts_with(tokens, {"set", "session", "authorization"}) && tokens.size() == 4) {
    return Form{StatementKind::session, std::nullopt};
  }
  if (starts_with(tokens, {"reset", "session", "authorization"}) && tokens.size() == 3) {
    return Form{StatementKind::session, std::nullopt};
  }
  if (starts_with(tokens, {"alter", "database"})) {
    if (word_at(tokens, 3, "set")) return Form{StatementKind::setting, 2};
    const bool known = word_at(tokens, 3, "connection") || word_at(tokens, 3, "is_template");
    return known ? std::optional{Form{StatementKind::property, 2}} : std::nullopt;
  }
  if (starts_with(tokens, {"alter", "role"}) && word_at(tokens, 3, "in") &&
      word_at(tokens, 4, "database") && word_at(tokens, 6, "set")) {
    return Form{StatementKind::setting, 5};
  }
  if (starts_with(tokens, {"comment", "on", "database"}) && word_at(tokens, 4, "is")) {
    return Form{StatementKind::comment, 3};
  }
  if (starts_with(tokens, {"security", "label", "for"}) && word_at(tokens, 4, "on") &&
      word_at(tokens, 5, "database") && word_at(tokens, 7, "is")) {
    return Form{StatementKind::label, 6};
  }
  return std::nullopt;
}

/// "SET a.b TO …" from the token behind SET.
std::string parameter_name(const Tokens& tokens, std::size_t begin) {
  std::string name;
  for (auto i = begin; i < tokens.size() && !tokens[i].is_word("to"); ++i) name += tokens[i].text;
  return util::lower(name);
}

std::optional<Statement> parse(const std::string& sql) {
  const auto tokens = tokenize(sql);
  const auto form = form_of(tokens);
  if (!form) return std::nullopt;
  if (!form->name) return Statement{form->kind, sql, {}, {}, false};
  const Token& name = tokens[*form->name];
  if (!name.is_name()) return std::nullopt;
  Statement statement{form->kind, sql.substr(0, name.begin), sql.substr(name.end), {}, false};
  if (form->kind == StatementKind::setting) {
    statement.for_everyone = tokens[1].is_word("database");
    statement.parameter = parameter_name(tokens, *form->name + 2);
  } else if (form->kind == StatementKind::privilege) {
    statement.for_everyone =
        tokens.size() == *form->name + 3 && tokens[*form->name + 2].is_word("public");
  }
  return statement;
}

bool is_about_database(const pg::ArchiveEntry& entry) {
  if (entry.description == "DATABASE PROPERTIES") return true;
  const bool may_be = entry.description == "ACL" || entry.description == "COMMENT" ||
                      entry.description == "SECURITY LABEL";
  return may_be && entry.schema.empty() && entry.tag.starts_with("DATABASE ");
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The server converts, since it knows all encodings.
std::string in_session_encoding(pg::Connection& connection, const std::string& text,
                                const std::string& encoding) {
  if (encoding.empty() || encoding == "SQL_ASCII" || is_ascii(text)) return text;
  std::string hex;
  for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return std::string{
      connection
          .exec("SELECT pg_catalog.convert_from(pg_catalog.decode($1, 'hex'), $2)", {hex, encoding})
          .single()};
}

/// For a message. The value of a setting may be a secret.
std::string shown(const Statement& statement, const std::string& database) {
  if (statement.kind == StatementKind::session) return util::printable(statement.before);
  auto text = statement.before + util::quoted(database) + statement.after;
  if (statement.kind == StatementKind::setting) {
    text = statement.before + util::quoted(database) + " SET " + statement.parameter + " TO …";
  }
  return util::printable(text);
}

class Applier {
 public:
  Applier(pg::Connection& connection, const std::string& database, const HeldProperties& held)
      : m_connection{connection}, m_database{database}, m_held{held} {
    if (held.backslash_escapes) connection.exec("SET LOCAL standard_conforming_strings = off");
  }

  void apply(const Statement& statement) {
    if (statement.kind == StatementKind::session) {
      change_role(statement);
    } else if (!m_role_refused) {
      run(statement);
    } else {
      refuse(statement, "its role could not be taken on");
    }
  }

  void refuse(const Statement& statement, const std::string& reason) {
    m_problems.push_back(fmt::format("not applied to database {}: {}: {}", util::quoted(m_database),
                                     shown(statement, m_database), reason));
  }

  std::vector<std::string> finish() {
    if (m_other_role) m_connection.exec("RESET SESSION AUTHORIZATION");
    if (m_held.backslash_escapes) {
      m_connection.exec("SET LOCAL standard_conforming_strings = on");
    }
    return std::move(m_problems);
  }

 private:
  void change_role(const Statement& statement) {
    m_role_refused = false;
    const bool done = run(statement);
    const bool takes_on = tokenize(statement.before)[0].is_word("set");
    m_other_role = takes_on && done;
    m_role_refused = takes_on && !done;
  }

  bool run(const Statement& statement) {
    m_connection.exec("SAVEPOINT held");
    try {
      const auto convert = [&](const std::string& text) {
        return in_session_encoding(m_connection, text, m_held.encoding);
      };
      auto sql = convert(statement.before);
      if (statement.kind != StatementKind::session) {
        sql += m_connection.identifier(m_database) + convert(statement.after);
      }
      m_connection.exec(sql);
    } catch (const pg::DatabaseError& error) {
      if (error.connection_lost()) throw;
      m_connection.exec("ROLLBACK TO SAVEPOINT held");
      refuse(statement, error.message());
      return false;
    }
    m_connection.exec("RELEASE SAVEPOINT held");
    return true;
  }

  pg::Connection& m_connection;
  const std::string& m_database;
  const HeldProperties& m_held;
  std::vector<std::string> m_problems;
  bool m_other_role = false;
  bool m_role_refused = false;
};

bool is_privilege(const Statement& statement) {
  return statement.kind == StatementKind::privilege || statement.kind == StatementKind::session;
}

bool left_out(const Statement& statement, bool no_owner) {
  return no_owner && is_privilege(statement) && !statement.for_everyone;
}

void prepare(pg::Connection& connection, const std::string& database, const HeldProperties& held,
             const std::function<bool(const Statement&)>& wanted, const std::string& condition) {
  pg::Transaction transaction{connection};
  Applier applier{connection, database, held};
  for (const auto& statement : held.statements) {
    if (wanted(statement)) applier.apply(statement);
  }
  applier.finish();
  if (condition.empty() || connection.exec(condition, {database}).boolean(0, 0)) {
    transaction.commit();
  }
}

}  // namespace

bool HeldProperties::has_privileges() const {
  return std::ranges::any_of(
      statements, [](const auto& statement) { return statement.kind == StatementKind::privilege; });
}

HeldProperties held_properties(const std::vector<pg::ArchiveEntry>& entries) {
  HeldProperties held;
  for (const auto& entry : entries) {
    if (entry.description == "ENCODING" || entry.description == "STDSTRINGS") {
      const auto tokens = tokenize(entry.definition);
      const bool assigns = tokens.size() > 3 && tokens[3].kind == Token::Kind::string;
      if (!assigns) continue;
      const auto value = tokens[3].text.substr(1, tokens[3].text.size() - 2);
      if (entry.description == "ENCODING") held.encoding = value;
      if (entry.description == "STDSTRINGS") held.backslash_escapes = value == "off";
    }
    if (!is_about_database(entry)) continue;
    for (auto& sql : split_statements(entry.definition)) {
      if (auto statement = parse(sql)) {
        held.statements.push_back(std::move(*statement));
      } else {
        held.not_understood.push_back(std::move(sql));
      }
    }
  }
  return held;
}

void prepare_held_properties(pg::Connection& connection, const std::string& database,
                             const HeldProperties& held, bool no_owner) {
  prepare(connection, database, held,
          [](const auto& statement) {
            return statement.kind == StatementKind::setting && statement.for_everyone &&
                   !keeps_from_writing(statement.parameter);
          },
          {});
  // Whoever restores must still get in.
  prepare(
      connection, database, held,
      [&](const auto& statement) {
        return is_privilege(statement) && !left_out(statement, no_owner);
      },
      "SELECT pg_catalog.has_database_privilege($1, 'CONNECT')");
}

std::vector<std::string> apply_held_properties(pg::Connection& connection,
                                               const std::string& database,
                                               const HeldProperties& held, bool no_owner) {
  Applier applier{connection, database, held};
  for (const auto& statement : held.statements) {
    if (!left_out(statement, no_owner)) {
      applier.apply(statement);
    } else if (statement.kind == StatementKind::privilege) {
      applier.refuse(statement, "privileges are left out (--no-owner)");
    }
  }
  auto problems = applier.finish();
  for (const auto& sql : held.not_understood) {
    problems.push_back(
        fmt::format("not applied to database {}, since this bkp does not know it: {}",
                    util::quoted(database), util::printable(sql)));
  }
  return problems;
}

}  // namespace bkp::recover
