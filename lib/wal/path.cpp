#include "wal/path.hpp"

#include <algorithm>
#include <utility>

namespace bkp::wal {

WalPath::WalPath(const ArchiveMap& archive, std::uint32_t timeline)
    : m_archive{archive}, m_line{line_of(archive, timeline)} {}

bool WalPath::passes(std::uint32_t timeline, pg::Lsn stop) const {
  const auto own = std::ranges::find(m_line, timeline);
  if (own == m_line.end()) return false;
  if (own == m_line.begin()) return true;
  return stop <= m_archive.origins.at(*std::prev(own)).begin;
}

std::uint64_t WalPath::begin_of(std::uint32_t timeline) const {
  const auto origin = m_archive.origins.find(timeline);
  if (origin == m_archive.origins.end()) return 0;
  return pg::wal_segment_at(timeline, origin->second.begin, m_archive.segment_size).number;
}

std::optional<std::uint32_t> WalPath::timeline_with(std::uint64_t number) const {
  auto end = UINT64_MAX;  // the segment in which the next one left it; after that it is another's
  for (const auto timeline : m_line) {
    const auto begin = begin_of(timeline);
    const bool covered = number >= begin && number <= std::exchange(end, begin);
    if (!covered) continue;
    const auto segments = m_archive.segments.find(timeline);
    if (segments != m_archive.segments.end() && segments->second.contains(number)) return timeline;
  }
  return std::nullopt;
}

std::optional<std::string> WalPath::segment(std::uint64_t number) const {
  const auto timeline = timeline_with(number);
  if (!timeline) return std::nullopt;
  return pg::wal_segment_name({*timeline, number}, m_archive.segment_size);
}

std::string WalPath::wanted(std::uint64_t number) const {
  const auto timeline = std::ranges::find_if(
      m_line, [&](std::uint32_t candidate) { return number >= begin_of(candidate); });
  return pg::wal_segment_name({*timeline, number}, m_archive.segment_size);
}

std::optional<util::Time> WalPath::archived_at(std::uint64_t number) const {
  const auto timeline = timeline_with(number);
  if (!timeline) return std::nullopt;
  return m_archive.segments.at(*timeline).at(number);
}

std::optional<std::uint64_t> WalPath::last_from(std::uint64_t first) const {
  if (!timeline_with(first)) return std::nullopt;
  while (timeline_with(first + 1)) ++first;
  return first;
}

std::uint64_t WalPath::highest() const {
  std::uint64_t highest = 0;
  for (const auto timeline : m_line) {
    const auto segments = m_archive.segments.find(timeline);
    if (segments == m_archive.segments.end() || segments->second.empty()) continue;
    // Beyond the place where it was left a timeline is of no use here.
    const auto child = std::ranges::find(m_line, timeline);
    const auto limit = child == m_line.begin() ? UINT64_MAX : begin_of(*std::prev(child));
    const auto above = segments->second.upper_bound(limit);
    if (above != segments->second.begin()) highest = std::max(highest, std::prev(above)->first);
  }
  return highest;
}

std::uint32_t latest_timeline(const ArchiveMap& archive, std::uint32_t from) {
  auto latest = from;
  for (const auto& [timeline, origin] : archive.origins) {
    const auto line = line_of(archive, timeline);
    if (std::ranges::find(line, from) != line.end()) latest = std::max(latest, timeline);
  }
  return latest;
}

}  // namespace bkp::wal
