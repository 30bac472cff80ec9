#include "recover/pitr_plan.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "backup/chain.hpp"
#include "backup/repository.hpp"
#include "backup/wal_need.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/site_archive.hpp"

namespace bkp::recover {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;
using TargetKind = RecoveryTarget::Kind;

namespace {

/// How far the clocks of the server and of whoever archived may be apart.
constexpr std::chrono::minutes clock_skew{5};

class Planner {
 public:
  Planner(run::Context& context, const PitrRequest& request, const run::ReadingKeys& keys)
      : m_context{context},
        m_request{request},
        m_keys{keys},
        m_archive{context, keys},
        m_backups{backup::list_backups(context, {})} {
    m_plan.target = request.target;
  }

  PitrPlan run() {
    m_archive.require_whole();
    const auto backups = base_backups();
    if (m_archive.map().segments.empty()) {
      throw Error{ErrorKind::not_found, "the archive of the WAL is empty",
                  "`bkp wal-check` says what the stores have"};
    }
    std::optional<Error> failure;
    std::string failed;
    for (const auto& backup : backups) {
      try {
        if (!try_from(backup)) continue;
        if (!backup::is_chain_sound(backup, m_backups)) {
          m_context.warn(fmt::format("{}, or what it is built on, FAILED its last verification",
                                     backup.label));
        }
        if (failure) {
          m_context.warn(fmt::format("recovering from {}, for from {} it cannot be done: {}",
                                     backup.label, failed, failure->full_message()));
        }
        return std::move(m_plan);
      } catch (const Error& error) {
        // Perhaps an older one reaches it; the newest tells best what is wrong.
        if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::not_found) throw;
        if (!failure) {
          failure = error;
          failed = backup.label;
        }
        if (!m_request.backup.empty()) break;
      }
    }
    if (failure) throw Error{*failure};
    throw nothing_before();
  }

 private:
  /// Newest first; one where the user named it.
  std::vector<BackupRecord> base_backups() const {
    auto all = m_backups;
    std::erase_if(all, [](const auto& backup) { return !backup::wal_need(backup); });
    if (all.empty()) {
      throw Error{ErrorKind::not_found, "there is no base backup to recover from",
                  "`bkp full --method base` takes one; `bkp restore` brings a database back from "
                  "a dump"};
    }
    if (!m_request.backup.empty()) return {backup::select_backup(all, m_request.backup)};
    // What is known to be bad comes when nothing else reaches the target.
    std::stable_partition(all.begin(), all.end(), [&](const auto& backup) {
      return backup::is_chain_sound(backup, m_backups);
    });
    return all;
  }

  Error nothing_before() const {
    const auto kind = m_request.target.kind;
    if (m_searched && (kind == TargetKind::transaction || kind == TargetKind::name)) {
      return {ErrorKind::not_found,
              fmt::format("{} is not in the archived WAL behind any base backup that may be used",
                          describe(m_request.target)),
              "`bkp pitr-restore --latest --preview` says how far the archive reaches"};
    }
    return {ErrorKind::not_found,
            fmt::format("no base backup ends before {}{}", describe(m_request.target),
                        m_oldest ? fmt::format("; the oldest that may be used ends at {}",
                                               util::format_rfc3339(*m_oldest))
                                 : ""),
            "`bkp list` shows the backups; a recovery can end only after the end of one"};
  }

  /// False when the target is not after this backup.
  bool try_from(const BackupRecord& record) {
    if (m_request.target.kind == TargetKind::time && record.started_at > m_request.target.time)
      return false;
    auto chain = open_chain(m_context, record, m_backups, m_request.store, m_keys);
    const auto& physical = *chain.manifest().physical;
    const wal::WalPath path{m_archive.map(), timeline_from(physical.timeline)};
    if (!path.passes(physical.timeline, physical.stop)) return false;
    m_oldest = physical.stopped_at;
    if (!is_after(physical)) return false;
    m_plan.reaches.reset();
    m_plan.reaches_lsn.reset();
    m_plan.backup = record;
    m_plan.chain = std::move(chain);
    m_plan.timeline = path.timeline();
    return reach(path, *m_plan.manifest().physical);
  }

  std::uint32_t timeline_from(std::uint32_t of_backup) const {
    const auto& wanted = m_request.target.timeline;
    if (wanted == "current") return of_backup;
    if (wanted == "latest") return wal::latest_timeline(m_archive.map(), of_backup);
    std::uint32_t number = 0;
    std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (m_archive.map().segments.contains(number)) return number;
    throw Error{ErrorKind::not_found, fmt::format("the archive has no timeline {}", wanted),
                "`bkp wal-check` shows those it has"};
  }

  bool is_after(const backup::PhysicalProperties& physical) const {
    const auto& target = m_request.target;
    if (target.kind == TargetKind::time) return target.time >= physical.stopped_at;
    if (target.kind == TargetKind::lsn) return target.lsn >= physical.stop;
    return true;
  }

  /// Whether, and by which segments, the target is reached from the backup.
  bool reach(const wal::WalPath& path, const backup::PhysicalProperties& physical) {
    const auto size = path.segment_size();
    const auto number_of = [&](pg::Lsn lsn) {
      return pg::wal_segment_at(path.timeline(), lsn, size).number;
    };
    const auto first = number_of(physical.start);
    const auto stop = number_of({physical.stop.value - 1});
    const auto last = path.last_from(first);
    if (!last || *last < stop) throw needed_by_backup(path, last ? *last + 1 : first);
    std::optional<std::uint64_t> needed;
    switch (m_request.target.kind) {
      case TargetKind::immediate:
        needed = stop;
        break;
      case TargetKind::latest:
        if (path.highest() > *last) throw gap_before_end(path, first, *last);
        needed = last;
        note_reached(m_archive.newest_event(path, first, *last));
        break;
      case TargetKind::lsn:
        needed = find_lsn(path, number_of(m_request.target.lsn), *last);
        if (!needed) throw unreachable(path, first, *last);
        break;
      case TargetKind::time:
        needed = find(path, first_to_read(path, stop, *last), *last);
        if (!needed) throw unreachable(path, first, *last);
        warn_of_branches(path);
        break;
      case TargetKind::transaction:
      case TargetKind::name:
        m_searched = true;
        needed = find(path, first, *last);
        if (!needed) return false;
        break;
    }
    m_plan.first_segment = path.wanted(first);
    m_plan.last_segment = path.wanted(*needed);
    m_plan.segments = *needed - first + 1;
    m_plan.wal_bytes = m_archive.stored_bytes(path, first, *needed);
    m_plan.cut_off = path.highest() > *last || is_damaged_behind(path, *needed, *last);
    return true;
  }

  /// A server reads ahead of what it replays (recovery_prefetch), so it asks for more than is
  /// needed, and what is damaged there would end the recovery.
  bool is_damaged_behind(const wal::WalPath& path, std::uint64_t needed, std::uint64_t last) {
    if (m_request.target.kind == TargetKind::latest || needed == last) return false;
    try {
      m_archive.read_records(path, needed + 1, needed + 1,
                             [](const pg::WalRecord&) { return false; });
      return false;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::damaged) throw;
      m_context.log.debug("behind the target: {}", error.full_message());
      return true;
    }
  }

  /// What was committed by the target lies in segments that were archived later, so only those
  /// need to be read.
  std::uint64_t first_to_read(const wal::WalPath& path, std::uint64_t first,
                              std::uint64_t last) const {
    while (first < last && *path.archived_at(first) < m_request.target.time - clock_skew) ++first;
    return first;
  }

  /// The segment in which recovery finds out that the target is reached; nullopt when the WAL up to
  /// `last` has nothing that ends it.
  std::optional<std::uint64_t> find(const wal::WalPath& path, std::uint64_t first,
                                    std::uint64_t last) {
    std::optional<pg::Lsn> found;
    std::uint64_t after = 0;
    const auto see = [&](const pg::WalEvent& event) {
      if (found) {
        after += event.kind == pg::WalEvent::Kind::commit ? 1 : 0;
      } else if (ends(event)) {
        found = event.start;
        const bool included =
            m_request.target.kind != TargetKind::time && m_request.target.inclusive;
        if (included) note_reached(event);
        if (!included && event.kind == pg::WalEvent::Kind::commit) after = 1;
      } else {
        note_reached(event);
      }
      return true;
    };
    try {
      m_archive.read_events(path, first, last, see);
    } catch (const Error& error) {
      // What comes after the target is counted, and not needed.
      if (!found || error.kind() != ErrorKind::damaged) throw;
      m_context.warn(
          fmt::format("the archive is damaged after the target, so what is lost cannot "
                      "be counted to its end: {}",
                      error.message()));
    }
    if (!found) return std::nullopt;
    m_plan.commits_after = after;
    return pg::wal_segment_at(path.timeline(), *found, path.segment_size()).number;
  }

  /// The segment with the first record at or behind the LSN that is the target.
  std::optional<std::uint64_t> find_lsn(const wal::WalPath& path, std::uint64_t first,
                                        std::uint64_t last) {
    std::optional<pg::Lsn> found;
    m_archive.read_records(path, first, last, [&](const pg::WalRecord& record) {
      if (record.start >= m_request.target.lsn) {
        found = record.start;
        return false;
      }
      note_reached(pg::wal_event(record));
      return true;
    });
    if (!found) return std::nullopt;
    return pg::wal_segment_at(path.timeline(), *found, path.segment_size()).number;
  }

  void note_reached(const std::optional<pg::WalEvent>& event) {
    if (!event) return;
    m_plan.reaches = event->time;
    m_plan.reaches_lsn = event->start;
  }

  /// A time may be one of a branch that was left since. What was done there by then is none of this
  /// path, whose last transaction may be much older.
  void warn_of_branches(const wal::WalPath& path) const {
    const auto& origins = m_archive.map().origins;
    for (const auto timeline : wal::line_of(m_archive.map(), path.timeline())) {
      const auto origin = origins.find(timeline);
      if (origin == origins.end()) return;
      const auto& [left, begin] = origin->second;
      // The new branch had begun by then.
      if (m_plan.reaches_lsn && *m_plan.reaches_lsn >= begin) return;
      if (!has_transaction(left, begin)) continue;
      m_context.warn(
          fmt::format("timeline {} went on past the point where timeline {} left it, and "
                      "was at work until that time: --timeline {} recovers to it there",
                      left, timeline, left));
      return;
    }
  }

  /// Whether the timeline has one behind `begin` that ended by the target's time.
  bool has_transaction(std::uint32_t timeline, pg::Lsn begin) const {
    const wal::WalPath path{m_archive.map(), timeline};
    const auto first = pg::wal_segment_at(timeline, begin, path.segment_size()).number;
    const auto last = path.last_from(first);
    if (!last) return false;
    // The one before has what ended before.
    auto from = first_to_read(path, first, *last);
    if (from > first) --from;
    bool found = false;
    try {
      m_archive.read_events(path, from, *last, [&](const pg::WalEvent& event) {
        const bool by_then = event.time <= m_request.target.time;
        found = found || (by_then && event.start >= begin);
        return by_then && !found;
      });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::damaged) throw;
    }
    return found;
  }

  /// As recoveryStopsBefore() and recoveryStopsAfter() of the server decide.
  bool ends(const pg::WalEvent& event) const {
    const auto& target = m_request.target;
    const bool restore_point = event.kind == pg::WalEvent::Kind::restore_point;
    switch (target.kind) {
      case TargetKind::time:
        return !restore_point &&
               (target.inclusive ? event.time > target.time : event.time >= target.time);
      case TargetKind::transaction:
        return !restore_point && event.transaction == target.transaction;
      case TargetKind::name:
        return restore_point && event.name == target.name;
      default:
        return false;
    }
  }

  Error needed_by_backup(const wal::WalPath& path, std::uint64_t missing) const {
    return {ErrorKind::damaged,
            fmt::format("the archive lacks {}, which {} needs: without it this backup is never "
                        "consistent",
                        missing_from(path, missing), m_plan.backup.label),
            "push it again if a server still has it (`bkp wal-push`); `bkp list` shows other "
            "backups"};
  }

  Error gap_before_end(const wal::WalPath& path, std::uint64_t first, std::uint64_t last) const {
    return {ErrorKind::damaged,
            fmt::format("the archive lacks {}, and its end lies behind that gap; {}",
                        missing_from(path, last + 1), newest_before(path, first, last)),
            "push it again if a server still has it (`bkp wal-push`); without it that LSN, or a "
            "--target-time before that one, can be reached"};
  }

  /// Nothing is wrong with the archive: it ends before the target.
  Error unreachable(const wal::WalPath& path, std::uint64_t first, std::uint64_t last) const {
    const bool gap = path.highest() > last;
    return {ErrorKind::not_found,
            fmt::format("{} cannot be reached: the archive {} {}; {}", describe(m_request.target),
                        gap ? "has a gap behind" : "ends with", path.wanted(last),
                        newest_before(path, first, last)),
            gap ? "that LSN, or a time before that one, can be reached; `bkp wal-check` lists the "
                  "gaps"
                : "`bkp pitr-restore --latest` recovers all there is; if the old server's pg_wal "
                  "is still there, push its last segments first (`bkp wal-push`)"};
  }

  std::string missing_from(const wal::WalPath& path, std::uint64_t first) const {
    auto last = first;
    while (last < path.highest() && !path.segment(last + 1)) ++last;
    return last == first ? path.wanted(first) : path.wanted(first) + " to " + path.wanted(last);
  }

  std::string newest_before(const wal::WalPath& path, std::uint64_t first,
                            std::uint64_t last) const {
    const auto newest = m_archive.newest_event(path, first, last);
    return newest ? fmt::format("the last transaction before ended at {}, at --target-lsn {}",
                                util::format_rfc3339(newest->time), pg::to_text(newest->start))
                  : "there is no transaction since the backup";
  }

  run::Context& m_context;
  const PitrRequest& m_request;
  const run::ReadingKeys& m_keys;
  wal::SiteArchive m_archive;
  std::vector<BackupRecord> m_backups;  ///< newest first
  std::optional<util::Time> m_oldest;
  bool m_searched = false;  ///< the WAL behind a backup was read for the target
  PitrPlan m_plan;
};

}  // namespace

PitrPlan plan_recovery(run::Context& context, const PitrRequest& request,
                       const run::ReadingKeys& keys) {
  return Planner{context, request, keys}.run();
}

}  // namespace bkp::recover
