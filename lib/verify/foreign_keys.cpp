#include <fmt/format.h>

#include "verify/structure.hpp"

namespace bkp::verify {

namespace {

constexpr int first_with_periods = 180000;

/// One row a foreign key: its name, whether it was validated, and the query that counts rows that
/// break it, made by the server so that every name is quoted by the one who reads it. Constraints
/// that partitioning made for partitions (conparentid) are covered by their parent's.
std::string list_query(bool with_periods) {
  return fmt::format(R"sql(
WITH fk AS (
  SELECT c.oid, c.conname, c.convalidated, c.confmatchtype = 'f' AS match_full,
         c.conrelid, c.confrelid, c.conkey, c.confkey, c.conpfeqop, {} AS period
  FROM pg_catalog.pg_constraint c
  WHERE c.contype = 'f' AND c.conparentid = 0
), col AS (
  SELECT fk.oid, k.position,
         pg_catalog.quote_ident(fa.attname) AS fk_name,
         pg_catalog.quote_ident(pa.attname) AS pk_name,
         pg_catalog.format('OPERATOR(%I.%s)', opn.nspname, op.oprname) AS equals,
         CASE WHEN pa.attcollation <> 0 AND pa.attcollation <> fa.attcollation
              THEN pg_catalog.format(' COLLATE %I.%I', cn.nspname, co.collname) ELSE '' END AS in_collation
  FROM fk
  CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(fk.conkey), pg_catalog.unnest(fk.confkey),
                                pg_catalog.unnest(fk.conpfeqop)) WITH ORDINALITY AS k(fk_att, pk_att, op, position)
  JOIN pg_catalog.pg_attribute fa ON fa.attrelid = fk.conrelid AND fa.attnum = k.fk_att
  JOIN pg_catalog.pg_attribute pa ON pa.attrelid = fk.confrelid AND pa.attnum = k.pk_att
  JOIN pg_catalog.pg_operator op ON op.oid = k.op
  JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace
  LEFT JOIN pg_catalog.pg_collation co ON co.oid = pa.attcollation
  LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
), parts AS (
  SELECT oid,
         pg_catalog.string_agg(pg_catalog.format('p.%s%s %s f.%s%s', pk_name, in_collation, equals, fk_name, in_collation),
                               ' AND ' ORDER BY position) AS matches,
         pg_catalog.string_agg(pg_catalog.format('f.%s IS NOT NULL', fk_name), ' AND '
                               ORDER BY position) AS all_set,
         pg_catalog.string_agg(pg_catalog.format('f.%s IS NOT NULL', fk_name), ' OR '
                               ORDER BY position) AS any_set,
         (pg_catalog.array_agg(pk_name ORDER BY position))[1] AS first_pk
  FROM col GROUP BY oid
)
SELECT pg_catalog.format('%s.%s %s', fn.nspname, fr.relname, fk.conname), fk.convalidated, fk.period,
       pg_catalog.format('SELECT count(*) FROM %s%I.%I f LEFT JOIN %s%I.%I p ON %s WHERE (%s) AND p.%s IS NULL',
                         CASE WHEN fr.relkind = 'p' THEN '' ELSE 'ONLY ' END, fn.nspname, fr.relname,
                         CASE WHEN pr.relkind = 'p' THEN '' ELSE 'ONLY ' END, pn.nspname, pr.relname,
                         matches, CASE WHEN fk.match_full THEN any_set ELSE all_set END, first_pk),
       fr.relpages
FROM fk JOIN parts USING (oid)
JOIN pg_catalog.pg_class fr ON fr.oid = fk.conrelid
JOIN pg_catalog.pg_namespace fn ON fn.oid = fr.relnamespace
JOIN pg_catalog.pg_class pr ON pr.oid = fk.confrelid
JOIN pg_catalog.pg_namespace pn ON pn.oid = pr.relnamespace
ORDER BY 1)sql",
                     with_periods ? "c.conperiod" : "false");
}

std::string count_orphans(pg::Connection& connection, const std::string& query) {
  const auto orphans = connection.exec(query).integer(0, 0);
  if (orphans == 0) return {};
  return fmt::format("{} rows have no partner in the referenced table", orphans);
}

}  // namespace

std::vector<Probe> foreign_key_probes(pg::Connection& connection,
                                      std::vector<Check>& skipped_ones) {
  std::vector<Probe> probes;
  const auto keys = connection.exec(list_query(connection.server_version() >= first_with_periods));
  for (int i = 0; i < keys.rows(); ++i) {
    const std::string name{keys.text(i, 0)};
    if (!keys.boolean(i, 1)) {
      skipped_ones.push_back(skipped("foreign_key", name, "NOT VALID in the original"));
    } else if (keys.boolean(i, 2)) {
      skipped_ones.push_back(skipped("foreign_key", name, "over periods of time"));
    } else {
      probes.push_back({"foreign_key", name, static_cast<std::uint64_t>(keys.integer(i, 4)),
                        [query = std::string{keys.text(i, 3)}](pg::Connection& checking) {
                          return count_orphans(checking, query);
                        }});
    }
  }
  return probes;
}

}  // namespace bkp::verify
