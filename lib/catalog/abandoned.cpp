#include "catalog/abandoned.hpp"

#include "catalog/process_identity.hpp"

namespace bkp::catalog {

std::size_t close_abandoned_runs(pg::Connection& session) {
  const auto open = session.exec(
      "SELECT id, coalesce(pid, 0), coalesce(process_identity, '{}') FROM runs "
      "WHERE status = 'running'");
  const auto here = ProcessIdentity::of_this_process();
  std::size_t closed = 0;
  for (int row = 0; row < open.rows(); ++row) {
    const auto identity = ProcessIdentity::from_json(nlohmann::json::parse(open.text(row, 2)));
    const auto start_now = process_start(static_cast<int>(open.integer(row, 1)));
    if (judge(identity, here, start_now) != Liveness::dead) continue;
    // It may have closed its row since; that counts for more.
    const auto updated = session.exec(
        "UPDATE runs SET status = 'failed', finished_at = now(), "
        "error_message = 'the process ended without a word' WHERE id = $1 AND status = 'running'",
        {std::string{open.text(row, 0)}});
    closed += static_cast<std::size_t>(updated.affected());
  }
  return closed;
}

std::vector<std::string> fail_abandoned_backups(pg::Connection& session,
                                                const std::string& own_run_key,
                                                const std::string& reason) {
  close_abandoned_runs(session);
  const auto failed = session.exec(
      "WITH gone AS ("
      "  UPDATE backups b SET error_message = $2::text,"
      "    status_id = (SELECT id FROM job_statuses WHERE name = 'failed')"
      "  WHERE status_id = (SELECT id FROM job_statuses WHERE name = 'running')"
      "    AND NOT EXISTS (SELECT FROM runs r WHERE r.id = b.run_id"
      "                    AND (r.status = 'running' OR r.run_key = $1::uuid))"
      "  RETURNING id, label), "
      "copies AS ("
      "  UPDATE backup_copies c SET state = 'failed', error_message = $2::text FROM gone"
      "  WHERE c.backup_id = gone.id AND c.state IN ('pending', 'running')) "
      "SELECT label FROM gone ORDER BY label",
      {own_run_key, reason});
  std::vector<std::string> labels;
  labels.reserve(static_cast<std::size_t>(failed.rows()));
  for (int row = 0; row < failed.rows(); ++row) labels.emplace_back(failed.text(row, 0));
  return labels;
}

}  // namespace bkp::catalog
