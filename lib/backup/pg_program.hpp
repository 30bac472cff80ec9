#pragma once

#include <string>

#include "pg/conninfo.hpp"
#include "run/context.hpp"

namespace bkp::backup {

struct Globals {
  std::string sql;
  bool with_passwords = true;  ///< false where the role may not read pg_authid
};

/// Roles, tablespaces and their grants as SQL: `pg_dumpall --globals-only`, without role passwords
/// where the role may not read them. Throws Error{database} quoting pg_dumpall.
Globals dump_globals(run::Context& context, const pg::Conninfo& cluster, int server_version,
                     bool superuser);

/// The Error for a program of PostgreSQL that did not succeed; quotes its stderr.
util::Error program_failed(const std::string& program, const util::ExitStatus& status,
                           const std::string& stderr_tail);

}  // namespace bkp::backup
