#include <fmt/format.h>

#include "verify/structure.hpp"

namespace bkp::verify {

namespace {

/// One row a sequence owned by a column of a whole-number type: names, whether it cycles, and a
/// query for (what the next value would be, the column's furthest value within the sequence's
/// range, whether it is behind). A sequence at its own end cannot be behind: its next value is an
/// error, not a repeat.
constexpr auto list_query = R"sql(
SELECT pg_catalog.format('%s.%s', sn.nspname, s.relname), q.seqcycle,
       pg_catalog.format(
         'SELECT next, furthest, coalesce(next %5$s furthest, false) FROM '
         '(SELECT CASE WHEN is_called THEN last_value::numeric + %4$s ELSE last_value::numeric END AS next '
         'FROM %1$s) n, (SELECT %3$s(%6$I)::numeric AS furthest FROM %2$s '
         'WHERE %6$I::numeric BETWEEN %7$s AND %8$s) f WHERE next BETWEEN %7$s AND %8$s',
         pg_catalog.format('%I.%I', sn.nspname, s.relname),
         pg_catalog.format('%I.%I', tn.nspname, t.relname),
         CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END, q.seqincrement,
         CASE WHEN q.seqincrement > 0 THEN '<=' ELSE '>=' END, a.attname, q.seqmin, q.seqmax),
       pg_catalog.format('%s.%s.%s', tn.nspname, t.relname, a.attname)
FROM pg_catalog.pg_sequence q
JOIN pg_catalog.pg_class s ON s.oid = q.seqrelid
JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
     AND d.objid = s.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
     AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
JOIN pg_catalog.pg_class t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype,
                     'int8'::pg_catalog.regtype, 'numeric'::pg_catalog.regtype)
ORDER BY 1)sql";

std::string compare(pg::Connection& connection, const std::string& query,
                    const std::string& column) {
  const auto state = connection.exec(query);
  if (state.rows() == 0 || !state.boolean(0, 2)) return {};
  return fmt::format("its next value is {}, but {} holds {} already", state.text(0, 0), column,
                     state.text(0, 1));
}

}  // namespace

std::vector<Probe> sequence_probes(pg::Connection& connection, std::vector<Check>& skipped_ones) {
  std::vector<Probe> probes;
  const auto sequences = connection.exec(list_query);
  for (int i = 0; i < sequences.rows(); ++i) {
    const std::string name{sequences.text(i, 0)};
    if (sequences.boolean(i, 1)) {
      skipped_ones.push_back(skipped("sequence", name, "it cycles"));
      continue;
    }
    probes.push_back(
        {"sequence", name, 0,
         [query = std::string{sequences.text(i, 2)}, column = std::string{sequences.text(i, 3)}](
             pg::Connection& checking) { return compare(checking, query, column); }});
  }
  return probes;
}

}  // namespace bkp::verify
