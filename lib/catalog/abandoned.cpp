#include "catalog/abandoned.hpp"

#include "catalog/process_identity.hpp"

namespace bkp::catalog {

namespace {

constexpr auto no_last_word = "the process ended without a word";

/// Marks as `failed` the `running` backups b that `condition` is true of. `$1` is the reason; the
/// condition may use `$2` and on.
std::vector<std::string> fail_running_backups(pg::Connection& session, const std::string& condition,
                                              const std::vector<pg::Parameter>& parameters) {
  const auto failed = session.exec(
      "WITH gone AS ("
      "  UPDATE backups b SET error_message = $1::text,"
      "    status_id = (SELECT id FROM job_statuses WHERE name = 'failed')"
      "  WHERE status_id = (SELECT id FROM job_statuses WHERE name = 'running') AND (" +
          condition +
          ")  RETURNING id, label), "
          "copies AS ("
          "  UPDATE backup_copies c SET state = 'failed', error_message = $1::text FROM gone"
          "  WHERE c.backup_id = gone.id AND c.state IN ('pending', 'running')) "
          "SELECT label FROM gone ORDER BY label",
      parameters);
  std::vector<std::string> labels;
  labels.reserve(static_cast<std::size_t>(failed.rows()));
  for (int row = 0; row < failed.rows(); ++row) labels.emplace_back(failed.text(row, 0));
  return labels;
}

}  // namespace

std::vector<std::string> close_abandoned_runs(pg::Connection& session) {
  const auto open = session.exec(
      "SELECT id, coalesce(pid, 0), coalesce(process_identity, '{}'), coalesce(host, '') "
      "FROM runs WHERE status = 'running'");
  const auto here = ProcessIdentity::of_this_process();
  for (int row = 0; row < open.rows(); ++row) {
    auto identity = ProcessIdentity::from_json(nlohmann::json::parse(open.text(row, 2)));
    identity.host = open.text(row, 3);
    const auto start_now = process_start(static_cast<int>(open.integer(row, 1)));
    if (judge(identity, here, start_now) != Liveness::dead) continue;
    // It may have closed its row since; that counts for more.
    session.exec(
        "UPDATE runs SET status = 'failed', finished_at = now(), error_message = $2 "
        "WHERE id = $1 AND status = 'running'",
        {std::string{open.text(row, 0)}, std::string{no_last_word}});
  }
  return fail_running_backups(
      session, "EXISTS (SELECT FROM runs r WHERE r.id = b.run_id AND r.status <> 'running')",
      {std::string{no_last_word}});
}

std::vector<std::string> fail_abandoned_backups(pg::Connection& session,
                                                const std::string& own_run_key,
                                                const std::string& reason) {
  auto labels = close_abandoned_runs(session);
  const auto more =
      fail_running_backups(session,
                           "NOT EXISTS (SELECT FROM runs r WHERE r.id = b.run_id"
                           "            AND (r.status = 'running' OR r.run_key = $2::uuid))",
                           {reason, own_run_key});
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

}  // namespace bkp::catalog
