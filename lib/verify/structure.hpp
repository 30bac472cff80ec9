#pragma once

#include <vector>

#include "pg/archive_reader.hpp"
#include "verify/check.hpp"

namespace bkp::verify {

/// Checks of a restored database that need no fingerprint. Functions that take a Connection read
/// the catalogs at once and give probes for later, or finished checks.

/// Every validated foreign key, by a query that counts rows without a partner, as PostgreSQL's own
/// RI_Initial_Check does (src/backend/utils/adt/ri_triggers.c): composite keys, MATCH FULL,
/// partitioned tables, self references. NOT VALID ones go to `skipped`.
std::vector<Probe> foreign_key_probes(pg::Connection& connection, std::vector<Check>& skipped);

/// A probe for each sequence that a column owns (serial or identity): the next value must lie
/// beyond what the column holds, in the sequence's direction. Cycling ones go to `skipped`.
std::vector<Probe> sequence_probes(pg::Connection& connection, std::vector<Check>& skipped);

/// All indexes are valid and ready. A partitioned index of which not every partition has its part
/// is invalid in the original too, and is only skipped.
std::vector<Check> check_indexes(pg::Connection& connection);

/// No constraint is unvalidated that the dump does not have as NOT VALID.
std::vector<Check> check_constraints(pg::Connection& connection,
                                     const std::vector<pg::ArchiveEntry>& entries);

/// Tables, views, sequences and indexes of the dump's table of contents are in the database, and no
/// table is that is not in there (those of extensions apart).
std::vector<Check> check_contents(pg::Connection& connection,
                                  const std::vector<pg::ArchiveEntry>& entries);

}  // namespace bkp::verify
