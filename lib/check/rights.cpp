#include <fmt/format.h>

#include "check/topics.hpp"
#include "report/command_text.hpp"
#include "util/text.hpp"

namespace bkp::check {

using util::Error;
using util::ErrorKind;

namespace {

// For the SQL in a fix, which somebody copies: quoted always, and harmless to read.
std::string sql_name(std::string_view name) {
  return report::sql_identifier(util::printable(name));
}

Unreadable::Some ask(pg::Connection& connection, const std::string& sql) {
  const auto row = connection.exec(sql);
  return {row.integer(0, 0), std::string{row.text(0, 1)}};
}

// Members of extensions are not dumped, nor are the system's own and temporary tables.
constexpr auto dumped_relations =
    "select count(*), coalesce(min(format('%I.%I', n.nspname, c.relname)), '') "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
    "where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' "
    "and c.relkind in ('r', 'p', 'S') and c.relpersistence <> 't' "
    "and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass "
    "and d.objid = c.oid and d.deptype = 'e') ";

}  // namespace

void judge_rights(const RoleRights& rights, Findings& findings) {
  if (rights.superuser) {
    findings.ok("rights", fmt::format("role {} is a superuser", util::quoted(rights.name)));
    return;
  }
  if (!rights.create_databases) {
    findings.warning("rights",
                     fmt::format("role {} cannot create databases: no test restore, no restore",
                                 util::quoted(rights.name)),
                     fmt::format("ALTER ROLE {} CREATEDB;", sql_name(rights.name)));
  }
  if (!rights.read_role_passwords) {
    findings.warning("rights",
                     fmt::format("role {} cannot read pg_authid: saved roles have no passwords",
                                 util::quoted(rights.name)),
                     fmt::format("GRANT SELECT ON pg_authid TO {};", sql_name(rights.name)));
  }
}

Unreadable find_unreadable(pg::Connection& connection) {
  Unreadable result;
  result.database = connection.database();
  const std::string relations = dumped_relations;
  result.relations =
      ask(connection,
          relations +
              "and (not has_schema_privilege(n.oid, 'usage') or not case c.relkind when 'S' "
              "then has_sequence_privilege(c.oid, 'select') "
              "else has_table_privilege(c.oid, 'select') end)");
  result.row_security =
      ask(connection, relations +
                          "and c.relrowsecurity and (c.relforcerowsecurity or not "
                          "pg_has_role(c.relowner, 'usage')) and not (select rolbypassrls "
                          "from pg_roles where rolname = current_user)");
  result.large_objects =
      ask(connection,
          "select count(*), coalesce(min(m.oid)::text, '') from pg_largeobject_metadata m "
          "where not pg_has_role(m.lomowner, 'usage') and not exists ("
          "select from aclexplode(m.lomacl) a where a.privilege_type = 'SELECT' and ("
          "a.grantee = 0 or pg_has_role(a.grantee, 'usage')))");
  return result;
}

void judge_unreadable(const std::string& role, const Unreadable& unreadable, Findings& findings) {
  const auto add = [&](const Unreadable::Some& some, std::string_view what, std::string fix) {
    if (some.count == 0) return;
    findings.error(
        "rights", Error{ErrorKind::database,
                        fmt::format("role {} cannot dump {} {} of database {}, e.g. {}",
                                    util::quoted(role), some.count, what,
                                    util::quoted(unreadable.database), util::printable(some.first)),
                        std::move(fix)});
  };
  const auto name = sql_name(role);
  add(unreadable.relations, "tables or sequences",
      fmt::format(
          "GRANT pg_read_all_data TO {};  (before PostgreSQL 14: GRANT SELECT and USAGE one "
          "by one)",
          name));
  add(unreadable.row_security, "tables with row security",
      fmt::format("ALTER ROLE {} BYPASSRLS;", name));
  add(unreadable.large_objects, "large objects",
      fmt::format("GRANT SELECT ON LARGE OBJECT … TO {};  or grant it the role that owns them",
                  name));
}

}  // namespace bkp::check
