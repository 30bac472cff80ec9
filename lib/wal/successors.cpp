#include "wal/successors.hpp"

#include <algorithm>

#include "pg/wal_name.hpp"
#include "wal/archive_key.hpp"

namespace bkp::wal {

namespace {

constexpr std::size_t field = 8;                   // digits
constexpr std::size_t segment_digits = 3 * field;  // of the whole name
bool is_segment(pg::WalFileKind kind) {
  return kind == pg::WalFileKind::segment || kind == pg::WalFileKind::partial;
}

/// A segment below `directory` whose 24 digits are greater than `after`.
std::optional<store::ObjectInfo> segment_after(store::Store& store, const store::Key& directory,
                                               std::string_view after) {
  for (const auto& name : store.names(directory)) {
    const auto archived = parse_archived_name(name);
    if (!archived) continue;
    const auto file = pg::parse_wal_name(archived->name, pg::smallest_wal_segment);
    if (!file || !is_segment(file->kind)) continue;
    if (std::string_view{archived->name}.substr(0, segment_digits) <= after) continue;
    if (auto info = store.stat(directory / name)) return info;
  }
  return std::nullopt;
}

/// A segment of the timeline whose 24 digits are greater than `after`.
std::optional<store::ObjectInfo> in_timeline(store::Store& store, const std::string& site,
                                             std::string_view timeline, std::string_view after) {
  const auto directory = timeline_key(site, timeline);
  const auto first = after.substr(std::min(field, after.size()), field);
  for (const auto& prefix : store.names(directory)) {
    if (prefix.size() != field || prefix < first) continue;
    if (auto found = segment_after(store, directory / prefix, after)) return found;
  }
  return std::nullopt;
}

/// Whatever there is of this timeline or a later one.
std::optional<store::ObjectInfo> of_timelines_from(store::Store& store, const std::string& site,
                                                   std::string_view timeline) {
  for (const auto& other : store.names(archive_root(site))) {
    if (other.size() != field || other < timeline) continue;
    const auto objects = store.list(timeline_key(site, other));
    if (!objects.empty()) return objects.front();
  }
  return std::nullopt;
}

}  // namespace

std::optional<store::ObjectInfo> successor_of(store::Store& store, const std::string& site,
                                              std::string_view name) {
  const auto file = pg::parse_wal_name(name, pg::smallest_wal_segment);
  if (!file) return std::nullopt;
  if (file->kind == pg::WalFileKind::segment)
    return in_timeline(store, site, name.substr(0, field), name);
  // The first timeline has no history.
  if (file->kind == pg::WalFileKind::history && file->timeline > 1)
    return of_timelines_from(store, site, name.substr(0, field));
  return std::nullopt;
}

}  // namespace bkp::wal
