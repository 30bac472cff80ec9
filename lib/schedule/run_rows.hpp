#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "pg/connection.hpp"

namespace bkp::schedule {

/// A run as it is to be begun: what a process needs to know.
struct PlannedRun {
  catalog::ScheduledRun run;
  std::vector<std::string> words;       ///< of the command
  std::chrono::seconds may_be_late{0};  ///< it may begin, or wait for a lock, for so long
};

/// The rows of scheduled runs in `runs`, before and after there is a process for them. The session
/// is one of catalog::open_session(). Throws DatabaseError.
class RunRows {
 public:
  explicit RunRows(pg::Connection& session) : m_session{session} {}

  /// A row `pending`; false when there is one already.
  bool add_pending(const PlannedRun& run, util::Time now);
  /// A row `cancelled` or `failed` for a run that will not be begun.
  void add_ended(const PlannedRun& run, util::Time now, const std::string& status,
                 const std::string& reason);
  /// The runs of this host that are `pending`.
  std::vector<PlannedRun> pending_here();
  /// Which run of this schedule on another host has not ended, if any: "run 17 on db1 since
  /// 2026-11-27T02:00:00Z". One that began more than a day ago does not count: nobody here can tell
  /// whether that host is still there. What goes on here, run::Claims knows.
  std::optional<std::string> still_going_elsewhere(std::int64_t schedule_id);
  /// For a run whose row its process has left open.
  void close(const std::string& run_key, util::Time now, const std::string& status,
             std::optional<int> exit_code, const std::string& reason);

 private:
  pg::Connection& m_session;
};

}  // namespace bkp::schedule
