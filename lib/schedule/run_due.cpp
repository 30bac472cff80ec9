#include "schedule/run_due.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>

#include <fmt/format.h>

#include "catalog/recorder.hpp"
#include "run/scheduled_run.hpp"
#include "run/state.hpp"
#include "schedule/command_words.hpp"
#include "schedule/due.hpp"
#include "schedule/run_key.hpp"
#include "schedule/run_rows.hpp"
#include "schedule/schedule_cache.hpp"
#include "schedule/schedule_table.hpp"
#include "schedule/scheduled_processes.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::schedule {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::seconds lock_patience{60};
constexpr std::chrono::milliseconds lock_retry{100};
// What cannot be read is said once a day, and not every minute.
constexpr std::chrono::hours unreadable_again{24};
// A claim is of use as long as its run could be taken for due again.
constexpr std::chrono::hours claims_kept{48};
// What begins no later than this is not made up for: cron may be a few minutes late.
constexpr std::chrono::minutes on_time{5};

/// The catalog answers, and refuses what is asked: SQLSTATE classes 22, 23 and 42.
bool is_about_the_table(const Error& error) {
  const auto* refusal = dynamic_cast<const pg::DatabaseError*>(&error);
  if (refusal == nullptr) return false;
  const auto of_class = [&](std::string_view code) {
    return refusal->sqlstate().starts_with(code);
  };
  return of_class("22") || of_class("23") || of_class("42");
}

/// One call of `bkp schedule run-due`.
class DueRuns {
 public:
  DueRuns(run::Context& context, const std::function<void(const Schedule&)>& check,
          const std::function<void(const Outcome&)>& tell)
      : m_context{context},
        m_check{check},
        m_tell{tell},
        m_directory{context.dry_run ? run::state_path(context.config, "schedule")
                                    : run::state_directory(context.config, "schedule")},
        m_now{context.clock.now()} {
    if (context.dry_run) return;
    m_claims.emplace(context.config);
    m_processes.emplace(context, *m_claims);
  }

  std::vector<Outcome> run() {
    {
      const auto lock = lock_beginning();
      plan();
      if (!m_context.dry_run) begin_all();
    }
    tell();
    if (m_processes) m_processes->wait();
    return std::move(m_outcomes);
  }

 private:
  struct Beginning {
    std::size_t outcome;
    PlannedRun planned;
  };

  std::filesystem::path cache_path() const { return m_directory / "schedules.json"; }

  /// One at a time decides and begins.
  util::Fd lock_beginning() {
    if (m_context.dry_run) return {};
    auto file = util::open_or_make(m_directory / "run-due.lock");
    const auto deadline = m_context.clock.steady() + lock_patience;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (m_context.clock.steady() >= deadline) {
        throw Error{ErrorKind::locked,
                    "another `bkp schedule run-due` has been beginning runs for a minute",
                    "what is due is begun by that one, or by the next; see what it waits for"};
      }
      m_context.interrupt.check();
      m_context.clock.sleep_for(lock_retry);
    }
    return file;
  }

  /// Of what is over already.
  void tell() {
    m_may_tell = true;
    for (const auto& outcome : m_outcomes) {
      const bool over = outcome.kind == Outcome::Kind::left_out || outcome.status.has_value();
      if (over && !m_context.dry_run) m_tell(outcome);
    }
  }

  void plan() {
    try {
      plan_by_catalog();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::database || is_about_the_table(error)) throw;
      m_outcomes.clear();
      m_beginning.clear();
      plan_by_cache(error);
    }
  }

  /// What runs without a catalog have noted comes first: one of them may be what is due.
  void deliver_spool() {
    catalog::Recorder recorder{{m_context.catalog_conninfo(), m_context.config.catalog.schema,
                                m_context.config.catalog.spool_directory},
                               m_context.clock,
                               m_context.log,
                               m_context.interrupt};
    recorder.deliver_spool();
  }

  void plan_by_catalog() {
    auto catalog = m_context.open_catalog();
    auto& session = catalog.connection();
    if (!m_context.dry_run) deliver_spool();
    pg::Transaction transaction{session};
    ScheduleTable table{session};
    RunRows rows{session};
    if (!m_context.dry_run) take_up_pending(rows);
    auto schedules = in_order(table.lock_enabled());
    for (auto& schedule : schedules) {
      const auto moved = consider(
          schedule, [&](const PlannedRun& run) { return add_row(rows, run); },
          [&](const PlannedRun& run, const std::string& status, const std::string& reason) {
            if (!m_context.dry_run) rows.add_ended(run, m_now, status, reason);
          },
          [&] { return rows.still_going_elsewhere(schedule.id); });
      if (moved && !m_context.dry_run)
        table.move_on(schedule.id, schedule.last_run_at, schedule.next_run_at);
    }
    if (m_context.dry_run) return;
    // All, with those that another transaction works on now.
    auto enabled = table.all();
    std::erase_if(enabled, [](const Schedule& one) { return !one.enabled; });
    transaction.commit();
    try_to_write_cache(enabled);
    forget_old_claims(enabled);
  }

  /// The catalog's word counts until it is down; from then on this host's own.
  void plan_by_cache(const Error& outage) {
    auto schedules = read_cache(cache_path());
    if (!schedules) throw outage;
    *schedules = in_order(std::move(*schedules));
    for (auto& schedule : *schedules) {
      consider(
          schedule, [](const PlannedRun&) { return true; },
          [](const PlannedRun&, const std::string&, const std::string&) {},
          [] { return std::optional<std::string>{}; });
    }
    // Once a minute is too often to say it where there is nothing to do.
    if (m_outcomes.empty()) {
      m_context.log.debug("the catalog cannot be reached: {}", outage.full_message());
    } else {
      m_context.warn_of_outage(outage, "the schedules last seen there are followed");
    }
    m_cache_to_write = std::move(*schedules);
  }

  /// What is due first comes first.
  static std::vector<Schedule> in_order(std::vector<Schedule> schedules) {
    std::ranges::stable_sort(schedules, {}, &Schedule::next_run_at);
    return schedules;
  }

  bool add_row(RunRows& rows, const PlannedRun& run) {
    return m_context.dry_run || rows.add_pending(run, m_now);
  }

  /// Runs that a run-due was to begin, and was killed: their process was not started, or has not
  /// claimed them yet, or ended before it could open its row.
  void take_up_pending(RunRows& rows) {
    for (auto& planned : rows.pending_here()) {
      const auto claim = m_claims->find(planned.run.run_key);
      if (claim && claim->held) continue;
      const bool late = planned.run.due_at + planned.may_be_late < m_now;
      if (!claim && !late) {
        begin(std::move(planned));
        continue;
      }
      const auto reason = claim ? std::string{"its process ended without a word"}
                                : reason_too_late(planned.run.due_at, planned.may_be_late);
      rows.close(planned.run.run_key, m_now,
                 claim ? catalog::status::failed : catalog::status::cancelled, std::nullopt,
                 reason);
      leave_out(planned, reason);
    }
  }

  /// Returns whether next_run_at and last_run_at of the schedule have changed.
  template <class AddRow, class AddEnded, class StillGoing>
  bool consider(Schedule& schedule, const AddRow& add_row, const AddEnded& add_ended,
                const StillGoing& still_going) {
    PlannedRun planned;
    Step step;
    try {
      // Not due, and it does not matter yet whether the rest can be read.
      step = step_of(schedule, m_now, random_delay);
      if (step.kind == Step::Kind::none) return false;
      if (step.kind == Step::Kind::begin) m_check(schedule);
      planned.words = words_of_schedule(schedule);
      planned.may_be_late = allowed_lateness(schedule);
    } catch (const Error& error) {
      // Where only the times can be read, the next of them is the next to be tried.
      const bool timed = step.kind != Step::Kind::none;
      return put_off(schedule, timed ? step.next_run_at : m_now + unreadable_again, error,
                     add_ended);
    }
    if (step.kind == Step::Kind::begin && must_wait(schedule, step.due_at)) return false;
    schedule.next_run_at = step.next_run_at;
    if (step.kind == Step::Kind::plan) {
      say_planned(schedule, step);
      return true;
    }
    planned.run = {run_key_of(m_context.config.site, schedule.id, step.due_at), schedule.id,
                   step.due_at};
    if (step.kind == Step::Kind::too_late) {
      const auto reason = reason_too_late(step.due_at, schedule.catch_up);
      add_ended(planned, catalog::status::cancelled, reason);
      leave_out(planned, reason);
      return true;
    }
    schedule.last_run_at = step.due_at;
    if (m_claims && m_claims->find(planned.run.run_key)) return true;  // begun while it was down
    if (const auto going = going_here(schedule.id, still_going)) {
      const auto reason = fmt::format("the one before is still going: {}", *going);
      add_ended(planned, catalog::status::cancelled, reason);
      leave_out(planned, reason);
      m_outcomes.back().still_going = true;
      return true;
    }
    if (add_row(planned)) begin(std::move(planned));
    return true;
  }

  /// What was missed is made up for in the order in which it was due, one after the other: what
  /// proves or removes backups is of no use before those that were to be taken first.
  bool must_wait(const Schedule& schedule, Time due_at) {
    if (!m_claims || due_at + on_time >= m_now) return false;
    const auto is_before = [&](const catalog::ScheduledRun& run) {
      return run.schedule_id != schedule.id && run.due_at <= due_at;
    };
    const auto claims = m_claims->all();
    const bool waits =
        std::ranges::any_of(m_beginning,
                            [&](const Beginning& one) { return is_before(one.planned.run); }) ||
        std::ranges::any_of(claims,
                            [&](const auto& claim) { return claim.held && is_before(claim.run); });
    if (waits)
      note(Outcome::Kind::waiting, schedule, "what was due before it goes first").due_at = due_at;
    return waits;
  }

  template <class AddEnded>
  bool put_off(Schedule& schedule, std::optional<Time> until, const Error& error,
               const AddEnded& add_ended) {
    if (schedule.next_run_at && *schedule.next_run_at > m_now) return false;
    schedule.next_run_at = until;
    const PlannedRun planned{
        {run_key_of(m_context.config.site, schedule.id, m_now), schedule.id, m_now},
        {schedule.command},
        {}};
    add_ended(planned, catalog::status::failed, error.full_message());
    leave_out(planned, error.full_message());
    m_outcomes.back().unreadable = true;
    return true;
  }

  template <class StillGoing>
  std::optional<std::string> going_here(std::int64_t schedule_id, const StillGoing& still_going) {
    if (m_claims) {
      for (const auto& claim : m_claims->all()) {
        if (claim.held && claim.run.schedule_id == schedule_id)
          return fmt::format("the one due at {}", util::format_rfc3339(claim.run.due_at));
      }
    }
    for (const auto& [outcome, planned] : m_beginning) {
      if (planned.run.schedule_id == schedule_id)
        return fmt::format("the one due at {}", util::format_rfc3339(planned.run.due_at));
    }
    return still_going();
  }

  void begin(PlannedRun planned) {
    m_outcomes.push_back(outcome_of(Outcome::Kind::begun, planned, {}));
    m_beginning.push_back({m_outcomes.size() - 1, std::move(planned)});
  }

  void leave_out(const PlannedRun& planned, const std::string& reason) {
    m_outcomes.push_back(outcome_of(Outcome::Kind::left_out, planned, reason));
    m_context.warn(fmt::format("schedule {}, {}: not begun: {}", planned.run.schedule_id,
                               util::quoted(command_of_words(planned.words)), reason));
  }

  void say_planned(const Schedule& schedule, const Step& step) {
    std::string reason;
    if (step.wrong_next_run_at) {
      reason =
          fmt::format("its next run was put down for {}, which a clock that was wrong has done",
                      util::format_rfc3339(*step.wrong_next_run_at));
      m_context.warn(fmt::format("schedule {}: {}", schedule.id, reason));
    }
    note(Outcome::Kind::planned, schedule, std::move(reason));
  }

  /// For a schedule of which no run is begun or left out.
  Outcome& note(Outcome::Kind kind, const Schedule& schedule, std::string reason) {
    auto& outcome = m_outcomes.emplace_back();
    outcome.kind = kind;
    outcome.schedule_id = schedule.id;
    outcome.command = schedule.command;
    outcome.reason = std::move(reason);
    return outcome;
  }

  static Outcome outcome_of(Outcome::Kind kind, const PlannedRun& planned, std::string reason) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.schedule_id = planned.run.schedule_id;
    outcome.command = command_of_words(planned.words);
    outcome.due_at = planned.run.due_at;
    outcome.run_key = planned.run.run_key;
    outcome.reason = std::move(reason);
    return outcome;
  }

  /// What was not started is due again, and what was is claimed: so the cache is written last.
  void begin_all() {
    for (auto& [index, planned] : m_beginning) {
      auto& outcome = m_outcomes[index];
      m_processes->begin(std::move(planned), [this, &outcome](const util::ExitStatus& status) {
        outcome.status = status;
        // While the lock is held others wait: those that could not even be started are told later.
        if (m_may_tell) m_tell(outcome);
      });
    }
    if (m_cache_to_write) try_to_write_cache(*m_cache_to_write);
  }

  void try_to_write_cache(const std::vector<Schedule>& schedules) {
    try {
      write_cache(cache_path(), schedules);
    } catch (const Error& error) {
      m_context.warn(fmt::format("the schedules are not noted for when the catalog is down: {}",
                                 error.full_message()));
    }
  }

  void forget_old_claims(const std::vector<Schedule>& schedules) {
    auto kept = std::chrono::seconds{claims_kept};
    for (const auto& schedule : schedules) kept = std::max(kept, 2 * schedule.catch_up);
    for (const auto& claim : m_claims->all()) {
      if (!claim.held && claim.run.due_at < m_now - kept) m_claims->forget(claim.run.run_key);
    }
  }

  run::Context& m_context;
  const std::function<void(const Schedule&)>& m_check;
  const std::function<void(const Outcome&)>& m_tell;
  bool m_may_tell = false;
  std::filesystem::path m_directory;
  Time m_now;
  std::optional<run::Claims> m_claims;  ///< none in a dry run
  std::vector<Outcome> m_outcomes;
  std::vector<Beginning> m_beginning;
  std::optional<ScheduledProcesses> m_processes;
  std::optional<std::vector<Schedule>> m_cache_to_write;
};

}  // namespace

std::vector<Outcome> run_due(run::Context& context,
                             const std::function<void(const Schedule&)>& check,
                             const std::function<void(const Outcome&)>& tell) {
  return DueRuns{context, check, tell}.run();
}

}  // namespace bkp::schedule
