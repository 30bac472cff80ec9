#include "wal/retention.hpp"

#include <algorithm>

namespace bkp::wal {

namespace {

struct Range {
  std::uint64_t first;
  std::uint64_t last;
};

const StayingBackup* choose_anchor(const std::vector<StayingBackup>& backups, util::Time oldest) {
  const StayingBackup* newest_before = nullptr;
  const StayingBackup* first = nullptr;
  for (const auto& backup : backups) {
    if (!backup.sound) continue;
    if (first == nullptr || backup.started_at < first->started_at) first = &backup;
    if (backup.started_at > oldest) continue;
    if (newest_before == nullptr || backup.started_at > newest_before->started_at)
      newest_before = &backup;
  }
  return newest_before != nullptr ? newest_before : first;
}

}  // namespace

WalPlan plan_retention(const Inventory& inventory, pg::WalSegmentSize size,
                       const std::vector<StayingBackup>& backups, std::chrono::seconds window,
                       util::Time now) {
  WalPlan plan;
  const auto* anchor = choose_anchor(backups, now - window);
  if (anchor == nullptr) return plan;
  plan.anchor = anchor->label;
  const auto number = [&](std::uint64_t lsn) {
    return pg::wal_segment_at(1, pg::Lsn{lsn}, size).number;
  };
  const auto keep_from = number(anchor->need.start.value);
  std::vector<Range> ranges;
  for (const auto& backup : backups)
    ranges.push_back({number(backup.need.start.value), number(backup.need.stop.value - 1)});
  for (const auto& [name, file] : inventory.files) {
    const auto parsed = pg::parse_wal_name(name, size);
    if (!parsed || parsed->kind == pg::WalFileKind::history) continue;
    const bool needed =
        parsed->number >= keep_from || std::ranges::any_of(ranges, [&](const Range& range) {
          return parsed->number >= range.first && parsed->number <= range.last;
        });
    if (needed) continue;
    plan.remove.push_back(file.name);
    plan.bytes += file.stored_bytes;
  }
  return plan;
}

}  // namespace bkp::wal
