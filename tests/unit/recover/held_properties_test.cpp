#include "recover/held_properties.hpp"

#include <catch2/catch.hpp>

using namespace bkp;
using Kind = recover::HeldProperties::Statement::Kind;

namespace {

pg::ArchiveEntry named_entry(std::string description, std::string tag, std::string definition) {
  pg::ArchiveEntry made;
  made.description = std::move(description);
  made.tag = std::move(tag);
  made.definition = std::move(definition);
  return made;
}

std::string renamed(const recover::HeldProperties::Statement& statement) {
  return statement.before + "NEW" + statement.after;
}

}  // namespace

TEST_CASE("what an archive holds about the database takes another name, and nothing else does") {
  const auto held = recover::held_properties({
      named_entry("ENCODING", "ENCODING", "SET client_encoding = 'LATIN1';\n"),
      named_entry("STDSTRINGS", "STDSTRINGS", "SET standard_conforming_strings = 'on';\n"),
      named_entry("DATABASE", "a b", "CREATE DATABASE \"a b\" WITH TEMPLATE = template0;\n"),
      named_entry("COMMENT", "DATABASE \"a b\"",
                  "COMMENT ON DATABASE \"a b\" IS 'not \"a b\"; ''x';\n"),
      named_entry("SECURITY LABEL", "DATABASE \"a b\"",
                  "SECURITY LABEL FOR selinux ON DATABASE \"a b\" IS 'a b';\n"),
      named_entry("DATABASE PROPERTIES", "a b",
                  "ALTER DATABASE \"a b\" CONNECTION LIMIT = 7;\n"
                  "ALTER DATABASE \"a b\" SET \"My.Level\" TO 'x''; DROP DATABASE \"a b\"';\n"
                  "ALTER ROLE \"a b\" IN DATABASE \"a b\" SET work_mem TO '5MB';\n"),
      named_entry("ACL", "DATABASE \"a b\"",
                  "REVOKE CONNECT,TEMPORARY ON DATABASE \"a b\" FROM PUBLIC;\n"
                  "SET SESSION AUTHORIZATION app;\n"
                  "GRANT CREATE ON DATABASE \"a b\" TO \"on\" WITH GRANT OPTION;\n"
                  "RESET SESSION AUTHORIZATION;\n"),
      named_entry("ACL", "TABLE database", "GRANT SELECT ON TABLE public.database TO app;\n"),
  });
  CHECK(held.encoding == "LATIN1");
  CHECK_FALSE(held.backslash_escapes);
  CHECK(held.not_understood.empty());
  REQUIRE(held.statements.size() == 9);
  CHECK(renamed(held.statements[0]) == "COMMENT ON DATABASE NEW IS 'not \"a b\"; ''x'");
  CHECK(held.statements[0].kind == Kind::comment);
  CHECK(renamed(held.statements[1]) == "SECURITY LABEL FOR selinux ON DATABASE NEW IS 'a b'");
  CHECK(held.statements[1].kind == Kind::label);
  CHECK(renamed(held.statements[2]) == "ALTER DATABASE NEW CONNECTION LIMIT = 7");
  CHECK(renamed(held.statements[3]) ==
        "ALTER DATABASE NEW SET \"My.Level\" TO 'x''; DROP DATABASE \"a b\"'");
  CHECK(held.statements[3].parameter == "my.level");
  CHECK(held.statements[3].for_everyone);
  CHECK(renamed(held.statements[4]) == "ALTER ROLE \"a b\" IN DATABASE NEW SET work_mem TO '5MB'");
  CHECK_FALSE(held.statements[4].for_everyone);
  CHECK(held.statements[5].for_everyone);
  CHECK(held.statements[6].kind == Kind::session);
  CHECK(held.statements[6].before == "SET SESSION AUTHORIZATION app");
  CHECK(renamed(held.statements[7]) == "GRANT CREATE ON DATABASE NEW TO \"on\" WITH GRANT OPTION");
  CHECK_FALSE(held.statements[7].for_everyone);
  CHECK(held.has_privileges());
}

TEST_CASE("a statement of another form is kept apart and never run") {
  for (const auto* sql :
       {"ALTER DATABASE x RENAME TO y", "ALTER DATABASE x OWNER TO y", "DROP DATABASE x",
        "GRANT CREATE ON DATABASE x, y TO z", "GRANT a TO b",
        "ALTER ROLE a IN DATABASE x RESET ALL", "SET SESSION AUTHORIZATION a; DROP DATABASE x",
        "UPDATE pg_database SET datname = 'x'"}) {
    INFO(sql);
    const auto held = recover::held_properties({named_entry("DATABASE PROPERTIES", "x", sql)});
    CHECK(held.not_understood.size() == 1);
  }
}
