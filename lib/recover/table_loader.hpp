#pragma once

#include <set>

#include "pg/conninfo.hpp"
#include "recover/dump_file.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// Whether the tables' data can be loaded by load_tables(): an archive that is understood, with
/// uncompressed COPY text.
bool loadable(DumpFile& dump);

/// Loads the data of the tables with these dump ids into the tables that stand empty in `target`,
/// over `jobs` sessions at once, each table by one COPY, the largest first, while the dump is still
/// being decompressed; sessions are set up as pg_restore's are (pg_backup_archiver.c,
/// _doSetFixedOutputState). The first failure ends all, also those that wait: DatabaseError
/// naming table and row, what DumpFile throws, Error{refused} when no thread can be started.
void load_tables(run::Context& context, DumpFile& dump, const pg::Conninfo& target, int jobs,
                 const std::set<int>& tables);

}  // namespace bkp::recover
