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
    const auto backups = base_backups();
    if (m_archive.map().segments.empty()) {
      throw Error{ErrorKind::not_found, "the archive of the WAL is empty",
                  "`bkp wal-check` says what the stores have"};
    }
    std::optional<Error> failure;
    for (const auto& backup : backups) {
      try {
        if (!try_from(backup)) continue;
        if (!backup::is_chain_sound(backup, m_backups)) {
          m_context.warn(fmt::format("{}, or what it is built on, FAILED its last verification",
                                     backup.label));
        }
        if (failure) {
          m_context.warn(fmt::format("recovering from {}, which is older: {}", backup.label,
                                     failure->full_message()));
        }
        return std::move(m_plan);
      } catch (const Error& error) {
        // Perhaps an older one reaches it; the newest tells best what is wrong.
        if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::not_found) throw;
        if (!failure) failure = error;
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
    if (!last || *last < stop)
      throw gap(path, last ? *last + 1 : first, "this backup is consistent");
    std::optional<std::uint64_t> needed;
    switch (m_request.target.kind) {
      case TargetKind::immediate:
        needed = stop;
        break;
      case TargetKind::latest:
        if (path.highest() > *last) throw gap(path, *last + 1, "the end of the archive");
        needed = last;
        break;
      case TargetKind::lsn:
        needed = number_of(m_request.target.lsn);
        if (*needed > *last) throw unreachable(path, first, *last);
        break;
      case TargetKind::time:
        needed = find(path, first_to_read(path, stop, *last), *last);
        if (!needed) throw unreachable(path, first, *last);
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
    m_plan.cut_off = path.highest() > *last;
    return true;
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
    m_archive.read_events(path, first, last, [&](const pg::WalEvent& event) {
      if (found) {
        after += event.kind == pg::WalEvent::Kind::commit ? 1 : 0;
      } else if (ends(event)) {
        found = event.start;
        const bool included =
            m_request.target.kind != TargetKind::time && m_request.target.inclusive;
        if (included) m_plan.reaches = event.time;
        if (!included && event.kind == pg::WalEvent::Kind::commit) after = 1;
      } else {
        m_plan.reaches = event.time;
      }
      return true;
    });
    if (!found) return std::nullopt;
    m_plan.commits_after = after;
    return pg::wal_segment_at(path.timeline(), *found, path.segment_size()).number;
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

  Error gap(const wal::WalPath& path, std::uint64_t missing, const std::string& before) const {
    auto last = missing;
    while (last < path.highest() && !path.segment(last + 1)) ++last;
    const auto span =
        last == missing ? path.wanted(missing) : path.wanted(missing) + " to " + path.wanted(last);
    return {ErrorKind::damaged,
            fmt::format("the archive lacks {}, which {} needs: {}", span, m_plan.backup.label,
                        before == "the end of the archive" ? "the end of the archive lies behind it"
                                                           : "without it " + before + " never"),
            "push it again if a server still has it (`bkp wal-push`); what can be reached without: "
            "`bkp pitr-restore --immediate`, or a --target-time before the gap"};
  }

  /// Nothing is wrong with the archive: it ends before the target.
  Error unreachable(const wal::WalPath& path, std::uint64_t first, std::uint64_t last) {
    std::optional<pg::WalEvent> newest;
    // Backwards, because the last segment may well be without a transaction.
    for (auto number = last; !newest; --number) {
      m_archive.read_events(path, number, last, [&](const pg::WalEvent& event) {
        newest = event;
        return true;
      });
      if (number == first) break;
    }
    return {
        ErrorKind::not_found,
        fmt::format(
            "{} cannot be reached: the archive {} {}{}", describe(m_request.target),
            path.highest() > last ? "has a gap behind" : "ends with", path.wanted(last),
            newest ? fmt::format(", and the last transaction in it ended at {}, at --target-lsn {}",
                                 util::format_rfc3339(newest->time), pg::to_text(newest->start))
                   : ", without a transaction since the backup"),
        path.highest() > last
            ? "that LSN, or a time before that one, can be reached; `bkp wal-check` lists the gaps"
            : "`bkp pitr-restore --latest` recovers all there is; if the old server's pg_wal "
              "is still there, push its last segments first (`bkp wal-push`)"};
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
