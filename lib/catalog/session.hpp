#pragma once

#include <string>

#include "pg/connection.hpp"

namespace bkp::catalog {

/// How the catalog is spoken to: UTF-8, UTC, ISO dates, search_path on the schema, and dead peers
/// noticed within half a minute.
pg::Conninfo session_conninfo(const pg::Conninfo& conninfo);
/// Sets what a conninfo cannot, and lets the session be idle for as long as a run takes. No check
/// that there is such a schema.
void prepare_session(pg::Connection& connection, const std::string& schema);

/// A prepared session on a schema of exactly this program's version. Throws as Catalog::open().
pg::Connection open_session(const pg::Conninfo& conninfo, const std::string& schema,
                            const util::Interrupt& interrupt);

/// The schema's version is `version`, this program knows `newest_version()`.
[[noreturn]] void throw_newer_schema(const std::string& schema, int version);

}  // namespace bkp::catalog
