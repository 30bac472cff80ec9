#include <set>

#include <fmt/format.h>

#include "util/text.hpp"
#include "verify/structure.hpp"

namespace bkp::verify {

namespace {

/// The relations of the database as "description\nschema\nname"; kinds as pg_dump calls them.
constexpr auto relations_query = R"sql(
SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
            WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' ELSE 'TABLE' END,
       n.nspname, c.relname,
       EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
               AND d.objid = c.oid AND d.deptype = 'e')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'I')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%')sql";

struct Relation {
  std::string kind;
  std::string schema;
  std::string name;
  auto operator<=>(const Relation&) const = default;
};

bool is_relation_kind(const std::string& kind) {
  static const std::set<std::string> kinds{"TABLE",    "VIEW",          "MATERIALIZED VIEW",
                                           "SEQUENCE", "FOREIGN TABLE", "INDEX"};
  return kinds.contains(kind);
}

/// The first few names of a set, for a message.
std::string some(const std::set<Relation>& relations) {
  constexpr std::size_t shown = 5;
  std::string text;
  std::size_t count = 0;
  for (const auto& relation : relations) {
    if (count++ == shown) return text + ", …";
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", relation.kind,
                        util::quoted(relation.schema + "." + relation.name));
  }
  return text;
}

}  // namespace

std::vector<Check> check_contents(pg::Connection& connection,
                                  const std::vector<pg::ArchiveEntry>& entries) {
  std::set<Relation> missing;
  std::set<Relation> wanted_tables;
  for (const auto& entry : entries) {
    if (!is_relation_kind(entry.description)) continue;
    missing.insert({entry.description, entry.schema, entry.tag});
    if (entry.description == "TABLE") wanted_tables.insert({"TABLE", entry.schema, entry.tag});
  }
  const auto wanted = missing.size();
  std::set<Relation> surplus;
  const auto found = connection.exec(relations_query);
  for (int i = 0; i < found.rows(); ++i) {
    const Relation relation{std::string{found.text(i, 0)}, std::string{found.text(i, 1)},
                            std::string{found.text(i, 2)}};
    missing.erase(relation);
    const bool of_extension = found.boolean(i, 3);
    if (relation.kind == "TABLE" && !of_extension && !wanted_tables.contains(relation)) {
      surplus.insert(relation);
    }
  }
  const auto name = fmt::format("{} relations of the dump", wanted);
  if (!missing.empty()) {
    return {
        failed("contents", name, fmt::format("{} are missing: {}", missing.size(), some(missing)))};
  }
  if (!surplus.empty()) {
    return {
        failed("contents", name,
               fmt::format("{} tables are not in the dump: {}", surplus.size(), some(surplus)))};
  }
  return {passed("contents", name)};
}

}  // namespace bkp::verify
