#include <set>

#include <fmt/format.h>

#include "verify/structure.hpp"

namespace bkp::verify {

namespace {

/// pg_dump writes NOT VALID constraints as entries of their own, tag "table constraint".
std::set<std::string> not_valid_in_dump(const std::vector<pg::ArchiveEntry>& entries) {
  std::set<std::string> names;
  for (const auto& entry : entries) {
    const bool constraint =
        entry.description == "FK CONSTRAINT" || entry.description == "CHECK CONSTRAINT";
    if (constraint && entry.definition.find("NOT VALID") != entry.definition.npos) {
      names.insert(entry.schema + "." + entry.tag);
    }
  }
  return names;
}

}  // namespace

std::vector<Check> check_indexes(pg::Connection& connection) {
  const auto all = connection.exec(
      "SELECT pg_catalog.format('%s.%s', n.nspname, c.relname), i.indisvalid AND i.indisready, "
      "c.relkind = 'I' AND (SELECT count(*) FROM pg_catalog.pg_inherits h WHERE h.inhparent = "
      "i.indexrelid) < (SELECT count(*) FROM pg_catalog.pg_inherits h WHERE h.inhparent = "
      "i.indrelid) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE "
      "'pg\\_toast%' ORDER BY 1");
  std::vector<Check> checks;
  for (int i = 0; i < all.rows(); ++i) {
    std::string name{all.text(i, 0)};
    if (all.boolean(i, 1)) {
      checks.push_back(passed("index", std::move(name)));
    } else if (all.boolean(i, 2)) {
      checks.push_back(skipped("index", std::move(name), "not every partition has its part of it"));
    } else {
      checks.push_back(failed("index", std::move(name), "the index is not valid"));
    }
  }
  return checks;
}

std::vector<Check> check_constraints(pg::Connection& connection,
                                     const std::vector<pg::ArchiveEntry>& entries) {
  // A constraint of a partition follows its parent's.
  const auto unvalidated = connection.exec(
      "SELECT pg_catalog.format('%s.%s %s', n.nspname, coalesce(r.relname, t.typname), c.conname) "
      "FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace "
      "LEFT JOIN pg_catalog.pg_class r ON r.oid = c.conrelid "
      "LEFT JOIN pg_catalog.pg_type t ON t.oid = c.contypid "
      "WHERE NOT c.convalidated AND c.conparentid = 0 AND c.coninhcount = 0 ORDER BY 1");
  const auto expected = not_valid_in_dump(entries);
  std::vector<Check> checks;
  for (int i = 0; i < unvalidated.rows(); ++i) {
    std::string name{unvalidated.text(i, 0)};
    if (expected.contains(name)) {
      checks.push_back(skipped("constraint", std::move(name), "NOT VALID in the original"));
    } else {
      checks.push_back(
          failed("constraint", std::move(name), "it is not validated, but was in the original"));
    }
  }
  return checks;
}

}  // namespace bkp::verify
