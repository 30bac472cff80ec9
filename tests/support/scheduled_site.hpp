#pragma once

#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <csignal>
#include <string>

#include "support/fail.hpp"
#include "support/site.hpp"
#include "support/wait_until.hpp"
#include "util/fd.hpp"
#include "util/files.hpp"

namespace bkp::test {

/// An initialised site with a database "studio" and no schedule yet.
class ScheduledSite : public Site {
 public:
  ScheduledSite() : Site{"schedules: []\n"} {
    must({"init"});
    cluster().create_database("studio");
    cluster().psql("studio", "create table t as select generate_series(1, 10) as n");
  }

  std::string psql(const std::string& sql) { return cluster().psql("bkp", sql); }

  /// Once a day, not soon, with more options; returns its id.
  template <class... Options>
  std::string add(const std::string& command, const Options&... options) {
    const auto answer = json({"schedule", "add", "--schedule", far_off(0), options..., command});
    return std::to_string(answer["result"]["schedules"].at(0)["id"].template get<int>());
  }
  /// As if run-due had not been called for up to a day.
  void make_due(const std::string& id) {
    psql("update bkp.backup_schedules set next_run_at = now() - interval '1 minute' where id = " +
         id);
  }
  /// A moment of the last day for all schedules, another for each number, so that what becomes due
  /// is a run of its own.
  void make_all_due(int number) {
    psql("update bkp.backup_schedules set schedule = '" + far_off(number) +
         "', next_run_at = now()");
  }
  /// As if they had been waited for: all are due this minute, of which some seconds are left, for
  /// in the next one they would be late.
  void make_all_due_now() {
    const auto enough_left = [] {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      return now % std::chrono::minutes{1} < std::chrono::seconds{45};
    };
    if (!wait_until(enough_left)) fail("the next minute");
    psql(
        "update bkp.backup_schedules set schedule = to_char(now() at time zone 'UTC', "
        "'FMMI FMHH24') || ' * * *', next_run_at = now()");
  }
  /// Calls run-due, as cron would, until nothing is due and nothing runs.
  void follow() {
    const auto left = [&](const std::string& sql) {
      return std::stoi(psql("select count(*) " + sql));
    };
    do {
      must({"schedule", "run-due"});
    } while (left("from bkp.backup_schedules where next_run_at <= now()") > 0 ||
             left("from bkp.runs where status = 'pending'") > 0);
    if (!wait_until([&] { return left("from bkp.runs where status = 'running'") == 0; }))
      fail("runs that end");
  }
  /// A daily expression for each number up to 119, half a day from now, so that none comes due by
  /// itself while a test runs.
  static std::string far_off(int number) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto hour = std::chrono::duration_cast<std::chrono::hours>(now).count() + 11;
    return std::to_string(number % 60) + " " + std::to_string((hour + number / 60) % 24) + " * * *";
  }
  /// "completed schedule full 0", a line each: status, triggered_by, command and exit code.
  std::string runs(const std::string& id) {
    return psql(
        "select status || ' ' || triggered_by || ' ' || command || ' ' || "
        "coalesce(exit_code::text, '') from bkp.runs where schedule_id = " +
        id + " order by id");
  }

  /// run-due with a run of this schedule that has begun, and goes on until what it waits for, a
  /// lock of hold_write_lock(), is released.
  RunningProgram start_run_of(const std::string& id) {
    make_due(id);
    auto running = command({"schedule", "run-due"}).start();
    if (!wait_until([&] { return runs(id).starts_with("running"); })) fail("a run that begins");
    return running;
  }
  /// Kills the process of that run.
  void kill_run_of(const std::string& id) {
    ::kill(std::stoi(psql("select pid from bkp.runs where schedule_id = " + id)), SIGKILL);
  }

  /// What keeps full backups waiting, as another run of the site would.
  util::Fd hold_write_lock() const {
    util::make_private_directories(spool().parent_path() / "lock");
    auto lock = util::open_or_make(spool().parent_path() / "lock" / "studio.write.lock");
    if (!wait_until([&] { return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0; })) fail("the lock");
    return lock;
  }
  static void release(const util::Fd& lock) { ::flock(lock.get(), LOCK_UN); }
};

}  // namespace bkp::test
