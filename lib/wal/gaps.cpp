#include "wal/gaps.hpp"

#include <algorithm>

namespace bkp::wal {

namespace {

using Segments = std::map<std::uint64_t, util::Time>;

const Segments& segments_of(const ArchiveMap& archive, std::uint32_t timeline) {
  static const Segments none;
  const auto found = archive.segments.find(timeline);
  return found == archive.segments.end() ? none : found->second;
}

/// Retention keeps what a backup needs, and everything from the last one on that is older than its
/// window: a hole before a backup, behind old ones that are complete, is its work.
bool made_by_retention(std::uint32_t timeline, const Segments::value_type& before,
                       std::uint64_t after, const std::vector<BackupWal>& backups,
                       util::Time keep_after) {
  if (before.second >= keep_after) return false;
  const bool backup_begins = std::ranges::any_of(backups, [&](const BackupWal& backup) {
    return backup.timeline == timeline && backup.first == after;
  });
  const bool backup_is_cut = std::ranges::any_of(backups, [&](const BackupWal& backup) {
    return backup.timeline == timeline && backup.first <= before.first &&
           backup.last > before.first;
  });
  return backup_begins && !backup_is_cut;
}

void find_holes(std::uint32_t timeline, const Segments& segments,
                const std::vector<BackupWal>& backups, util::Time keep_after,
                std::vector<WalGap>& gaps) {
  const Segments::value_type* before = nullptr;
  for (const auto& segment : segments) {
    if (before != nullptr && segment.first > before->first + 1 &&
        !made_by_retention(timeline, *before, segment.first, backups, keep_after)) {
      gaps.push_back({timeline, before->first + 1, segment.first - 1, ""});
    }
    before = &segment;
  }
}

/// A timeline's first segment is the one in which it left its parent, which must reach as far.
void find_holes_at_switch(const ArchiveMap& archive, std::uint32_t timeline,
                          const TimelineOrigin& origin, std::vector<WalGap>& gaps) {
  const auto& own = segments_of(archive, timeline);
  const auto& parents = segments_of(archive, origin.parent);
  // Where nothing of the parent is left, retention has removed the beginning.
  if (own.empty() || parents.empty()) return;
  const auto first = pg::wal_segment_at(timeline, origin.begin, archive.segment_size).number;
  if (own.begin()->first > first) gaps.push_back({timeline, first, own.begin()->first - 1, ""});
  const auto last_of_parent = parents.rbegin()->first;
  if (last_of_parent + 1 < first)
    gaps.push_back({origin.parent, last_of_parent + 1, first - 1, ""});
}

void find_missing_of(const BackupWal& backup, const ArchiveMap& archive,
                     std::vector<WalGap>& gaps) {
  const auto line = line_of(archive, backup.timeline);
  for (auto number = backup.first; number <= backup.last; ++number) {
    const bool there = std::ranges::any_of(
        line, [&](auto timeline) { return segments_of(archive, timeline).contains(number); });
    if (there) continue;
    auto* last = gaps.empty() ? nullptr : &gaps.back();
    if (last != nullptr && last->label == backup.label && last->last + 1 == number) {
      last->last = number;
    } else {
      gaps.push_back({backup.timeline, number, number, backup.label});
    }
  }
}

}  // namespace

std::vector<WalGap> find_gaps(const ArchiveMap& archive, const std::vector<BackupWal>& backups,
                              util::Time keep_after) {
  std::vector<WalGap> gaps;
  for (const auto& [timeline, segments] : archive.segments)
    find_holes(timeline, segments, backups, keep_after, gaps);
  for (const auto& [timeline, origin] : archive.origins)
    find_holes_at_switch(archive, timeline, origin, gaps);
  for (const auto& backup : backups) find_missing_of(backup, archive, gaps);
  return gaps;
}

const BackupWal* bridge_of(const WalGap& gap, const std::vector<BackupWal>& backups) {
  if (!gap.label.empty()) return nullptr;
  const BackupWal* bridge = nullptr;
  for (const auto& backup : backups) {
    if (backup.timeline < gap.timeline || backup.first <= gap.last) continue;
    if (bridge == nullptr || backup.first < bridge->first) bridge = &backup;
  }
  return bridge;
}

}  // namespace bkp::wal
