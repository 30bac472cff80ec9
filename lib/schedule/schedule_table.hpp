#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "schedule/schedule.hpp"

namespace bkp::schedule {

/// The table backup_schedules, in a session of catalog::open_session(). Throws DatabaseError.
class ScheduleTable {
 public:
  explicit ScheduleTable(pg::Connection& session) : m_session{session} {}

  /// By id.
  std::vector<Schedule> all();
  /// Those that are enabled and that no other transaction works on, locked until the end of this
  /// one. By id.
  std::vector<Schedule> lock_enabled();
  /// Locked until the end of the transaction. Throws Error{not_found}.
  Schedule lock(std::int64_t id);

  /// Returns the id it gets.
  std::int64_t add(const Schedule& schedule);
  /// Every column but the id. Throws Error{not_found}.
  void update(const Schedule& schedule);
  /// The runs it began stay. Throws Error{not_found}.
  void remove(std::int64_t id);

  /// A run was begun, or left out, that was due then.
  void move_on(std::int64_t id, std::optional<Time> last_run_at, std::optional<Time> next_run_at);

 private:
  pg::Connection& m_session;
};

}  // namespace bkp::schedule
