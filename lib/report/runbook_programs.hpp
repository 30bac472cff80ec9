#pragma once

#include <string>
#include <vector>

#include "pg/conninfo.hpp"
#include "report/runbook_model.hpp"

namespace bkp::report {

/// How the runbook calls bkp and PostgreSQL's programs, as text for a shell: see command_text.hpp.

/// With its configuration, unless that is found anyway.
std::string bkp(const RunbookModel& model, const std::string& command);

/// The same cluster as its superuser: over the socket as the system's user postgres.
pg::Conninfo superuser(const RunbookModel& model);
/// `program` as who may connect like that.
std::string as_superuser(const RunbookModel& model, const std::string& program);

/// The value of a program's -d.
std::string connect(const pg::Conninfo& cluster, const std::string& database);

/// A program that writes to a database which step "stop writes" may have made read only. Options of
/// the connection win over those of the database; those of the conninfo over PGOPTIONS.
struct Writing {
  std::string environment;  ///< before the program
  pg::Conninfo cluster;
};
Writing writing(const pg::Conninfo& cluster);

std::string psql(const RunbookModel& model, const std::string& database);
std::string writing_psql(const RunbookModel& model, const std::string& database);
std::string superuser_psql(const RunbookModel& model);
/// About `database`, which may be the one that this connects to.
std::string superuser_psql_about(const RunbookModel& model, const std::string& database);
/// psql's -c for each, so that it sends them one by one.
std::string statements(const std::vector<std::string>& sql);

}  // namespace bkp::report
