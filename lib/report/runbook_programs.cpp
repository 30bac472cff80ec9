#include "report/runbook_programs.hpp"

#include <fmt/format.h>

#include "report/command_text.hpp"

namespace bkp::report {

namespace {

bool is_local(const pg::Conninfo& cluster) {
  const auto host = cluster.get("host");
  return !cluster.get("hostaddr") && (!host || host->starts_with('/') || host->starts_with('@'));
}

constexpr auto writable_option = "-c default_transaction_read_only=off";

std::string psql(const pg::Conninfo& cluster, const std::string& database) {
  return "psql -X -v ON_ERROR_STOP=1 \\\n  -d " + connect(cluster, database);
}

}  // namespace

std::string bkp(const RunbookModel& model, const std::string& command) {
  if (model.config_file.empty() || model.config_file == "/etc/bkp/bkp.yaml") {
    return "bkp " + command;
  }
  return "bkp " + command + " --config " + shell_word(model.config_file);
}

pg::Conninfo superuser(const RunbookModel& model) {
  pg::Conninfo result;
  for (const auto* keyword : {"host", "hostaddr", "port"}) {
    if (const auto value = model.cluster.get(keyword)) result = result.with(keyword, *value);
  }
  return is_local(model.cluster) ? result : result.with("user", "postgres");
}

std::string as_superuser(const RunbookModel& model, const std::string& program) {
  return is_local(model.cluster) ? "runuser -u postgres -- " + program : program;
}

std::string connect(const pg::Conninfo& cluster, const std::string& database) {
  return shell_word(cluster.with_database(database).to_argument());
}

Writing writing(const pg::Conninfo& cluster) {
  if (const auto own = cluster.get("options")) {
    return {{}, cluster.with("options", *own + " " + writable_option)};
  }
  return {fmt::format("PGOPTIONS='{}' ", writable_option), cluster};
}

std::string psql(const RunbookModel& model, const std::string& database) {
  return psql(model.cluster, database);
}

std::string writing_psql(const RunbookModel& model, const std::string& database) {
  const auto to = writing(model.cluster);
  return to.environment + psql(to.cluster, database);
}

std::string superuser_psql(const RunbookModel& model) {
  return as_superuser(model, psql(superuser(model), "postgres"));
}

std::string superuser_psql_about(const RunbookModel& model, const std::string& database) {
  if (database != "postgres") return superuser_psql(model);
  const auto to = superuser(model).with("options", writable_option);
  return as_superuser(model, psql(to, "postgres"));
}

std::string statements(const std::vector<std::string>& sql) {
  std::string result;
  for (const auto& statement : sql) result += " \\\n  -c " + shell_word(statement);
  return result;
}

}  // namespace bkp::report
