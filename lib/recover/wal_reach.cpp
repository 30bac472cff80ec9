#include "recover/wal_reach.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;
using TargetKind = RecoveryTarget::Kind;
using EventKind = pg::WalEvent::Kind;

namespace {

/// How far the clocks of the server and of whoever archived may be apart.
constexpr std::chrono::minutes clock_skew{5};

/// What was committed by a time lies in segments that were archived later, so only those need to be
/// read.
std::uint64_t archived_from(const wal::WalPath& path, std::uint64_t first, std::uint64_t last,
                            util::Time time) {
  while (first < last && *path.archived_at(first) < time - clock_skew) ++first;
  return first;
}

/// As recoveryStopsBefore() and recoveryStopsAfter() of the server decide.
bool ends(const RecoveryTarget& target, const pg::WalEvent& event) {
  const bool restore_point = event.kind == EventKind::restore_point;
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

std::string text_of(const std::optional<pg::WalEvent>& newest) {
  return newest ? fmt::format("the last transaction before ended at {}, at --target-lsn {}",
                              util::format_rfc3339(newest->time), pg::to_text(newest->start))
                : "no transaction before is known, but --immediate reaches the end of the backup";
}

}  // namespace

WalReach::WalReach(run::Context& context, const wal::SiteArchive& archive, const wal::WalPath& path,
                   const std::string& label, const backup::PhysicalProperties& backup)
    : m_context{context},
      m_archive{archive},
      m_path{path},
      m_stop{backup.stop},
      m_first{pg::wal_segment_at(path.timeline(), backup.start, path.segment_size()).number} {
  const auto last = path.last_from(m_first);
  if (!last || *last < segment_with(m_stop)) {
    throw Error{ErrorKind::damaged,
                fmt::format("the archive lacks {}, which {} needs: without it this backup is never "
                            "consistent",
                            missing_from(last ? *last + 1 : m_first), label),
                "push it again if a server still has it (`bkp wal-push`); `bkp list` shows other "
                "backups"};
  }
  m_last = *last;
}

std::optional<ReachedTarget> WalReach::find(const RecoveryTarget& target) const {
  std::optional<ReachedTarget> reached;
  switch (target.kind) {
    case TargetKind::latest:
      return find_end();
    case TargetKind::immediate:
      reached = ReachedTarget{segment_with(m_stop)};
      break;
    case TargetKind::lsn:
      reached = find_lsn(target.lsn, target.inclusive);
      if (!reached) throw unreachable(target);
      break;
    case TargetKind::time:
      reached = find_event(target, first_to_read(target.time));
      if (!reached) throw unreachable(target);
      break;
    case TargetKind::transaction:
    case TargetKind::name:
      reached = find_event(target, segment_with(m_stop));
      break;
  }
  // A server reads ahead of what it replays (recovery_prefetch), so it asks for more than is
  // needed.
  if (reached) {
    reached->cut_off =
        m_path.highest() > m_last || (reached->segment < m_last && !is_sound(reached->segment + 1));
  }
  return reached;
}

std::optional<ReachedTarget> WalReach::find_event(const RecoveryTarget& target,
                                                  std::uint64_t from) const {
  ReachedTarget reached;
  bool found = false;
  std::uint64_t after = 0;
  const auto see = [&](const pg::WalEvent& event) {
    // Recovery does not end before the backup is consistent, and does not see what is before it.
    if (event.start < m_stop) return true;
    if (found) {
      after += event.kind == EventKind::commit ? 1 : 0;
    } else if (ends(target, event)) {
      found = true;
      reached.segment = segment_with(event.end);
      const bool included = target.kind != TargetKind::time && target.inclusive;
      if (included) reached.newest = event;
      if (!included && event.kind == EventKind::commit) after = 1;
    } else {
      reached.newest = event;
    }
    return true;
  };
  try {
    m_archive.read_events(m_path, from, m_last, see);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    if (!found) throw damaged(error, reached.newest);
    // What comes after the target is counted, and not needed.
    m_context.warn(
        fmt::format("the archive is damaged after the target, so what is lost cannot be "
                    "counted to its end: {}",
                    error.message()));
  }
  if (!found) return std::nullopt;
  reached.commits_after = after;
  return reached;
}

/// By the first record at or behind the LSN.
std::optional<ReachedTarget> WalReach::find_lsn(pg::Lsn lsn, bool inclusive) const {
  ReachedTarget reached;
  bool found = false;
  const auto from = pg::wal_segment_at(m_path.timeline(), lsn, m_path.segment_size()).number;
  try {
    m_archive.read_records(m_path, from, m_last, [&](const pg::WalRecord& record) {
      found = record.start >= lsn;
      if (found) reached.segment = segment_with(record.end);
      const auto event = found && !inclusive ? std::nullopt : pg::wal_event(record);
      if (event && event->start >= m_stop) reached.newest = event;
      return !found;
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    throw damaged(error, reached.newest);
  }
  return found ? std::optional{reached} : std::nullopt;
}

ReachedTarget WalReach::find_end() const {
  if (m_path.highest() > m_last) throw gap_before_end();
  try {
    return {m_last, false, m_archive.newest_event(m_path, segment_with(m_stop), m_last)};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    throw damaged(error, std::nullopt);
  }
}

std::uint64_t WalReach::first_to_read(util::Time time) const {
  return archived_from(m_path, segment_with(m_stop), m_last, time);
}

/// Of a record that ends there, which may be where the next segment begins.
std::uint64_t WalReach::segment_with(pg::Lsn end) const {
  return pg::wal_segment_at(m_path.timeline(), {end.value - 1}, m_path.segment_size()).number;
}

bool WalReach::is_sound(std::uint64_t segment) const {
  try {
    m_archive.read_records(m_path, segment, segment, [](const pg::WalRecord&) { return false; });
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    m_context.log.debug("behind the target: {}", error.full_message());
    return false;
  }
}

std::string WalReach::missing_from(std::uint64_t first) const {
  auto last = first;
  while (last < m_path.highest() && !m_path.segment(last + 1)) ++last;
  return last == first ? m_path.wanted(first) : m_path.wanted(first) + " to " + m_path.wanted(last);
}

/// An error meanwhile must not stand in the place of the one that is told.
std::string WalReach::newest_text() const {
  try {
    auto newest = m_archive.newest_event(m_path, segment_with(m_stop), m_last);
    if (newest && newest->start < m_stop) newest.reset();
    return text_of(newest);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return text_of(std::nullopt);
  }
}

Error WalReach::gap_before_end() const {
  return {
      ErrorKind::damaged,
      fmt::format("the archive lacks {}, and its end lies behind that gap; {}",
                  missing_from(m_last + 1), newest_text()),
      "push it again if a server still has it (`bkp wal-push`); without it that can be reached, "
      "or a --target-time before it"};
}

/// Nothing is wrong with the archive: it ends before the target.
Error WalReach::unreachable(const RecoveryTarget& target) const {
  const bool gap = m_path.highest() > m_last;
  return {ErrorKind::not_found,
          fmt::format("{} cannot be reached: the archive {} {}; {}", describe(target),
                      gap ? "has a gap behind" : "ends with", m_path.wanted(m_last), newest_text()),
          gap ? "that LSN, or a time before that one, can be reached; `bkp wal-check` lists the "
                "gaps"
              : "`bkp pitr-restore --latest` recovers all there is; if the old server's pg_wal is "
                "still there, push its last segments first (`bkp wal-push`)"};
}

Error WalReach::damaged(const Error& error, const std::optional<pg::WalEvent>& newest) const {
  return error.reworded(fmt::format("{}; {}", error.message(), text_of(newest)),
                        "push it again if a server still has it (`bkp wal-push`); `bkp wal-check` "
                        "names everything that is damaged");
}

namespace {

/// The last transaction of the timeline behind `begin` that ended by `time`.
std::optional<pg::WalEvent> last_transaction(const wal::SiteArchive& archive,
                                             const wal::WalPath& path, pg::Lsn begin,
                                             util::Time time) {
  const auto first = pg::wal_segment_at(path.timeline(), begin, path.segment_size()).number;
  const auto last = path.last_from(first);
  if (!last) return std::nullopt;
  // The segment before has what ended before.
  const auto from = std::max(first + 1, archived_from(path, first, *last, time)) - 1;
  std::optional<pg::WalEvent> found;
  archive.read_events(path, from, *last, [&](const pg::WalEvent& event) {
    if (event.kind == EventKind::restore_point) return true;
    if (event.time <= time && event.start >= begin) found = event;
    return event.time <= time;
  });
  return found;
}

}  // namespace

std::optional<std::string> branch_warning(const run::Context& context,
                                          const wal::SiteArchive& archive, const wal::WalPath& path,
                                          util::Time target,
                                          const std::optional<pg::WalEvent>& newest) {
  const auto& map = archive.map();
  for (const auto timeline : wal::line_of(map, path.timeline())) {
    const auto origin = map.origins.find(timeline);
    const auto own = map.segments.find(timeline);
    if (origin == map.origins.end()) return std::nullopt;
    // The branch that is followed was at work by then.
    if (newest && newest->start >= origin->second.begin) return std::nullopt;
    if (own != map.segments.end() && !own->second.empty() && own->second.begin()->second <= target)
      return std::nullopt;
    const auto left = origin->second.parent;
    try {
      const auto last = last_transaction(archive, {map, left}, origin->second.begin, target);
      if (!last) continue;
      return fmt::format(
          "timeline {} went on past the point where timeline {} left it, with a "
          "transaction that ended at {}: --timeline {} recovers to the time there",
          left, timeline, util::format_rfc3339(last->time), left);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      context.log.debug("timeline {} was not looked at: {}", left, error.full_message());
    }
  }
  return std::nullopt;
}

}  // namespace bkp::recover
