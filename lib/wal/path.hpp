#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/lsn.hpp"
#include "wal/archive_map.hpp"

namespace bkp::wal {

/// The segments that a server replays which begins on one timeline and follows another: for each
/// number the newest timeline of the line that had begun by then, was not left before, and has it.
/// So recovery looks for them (PostgreSQL's src/backend/access/transam/xlogrecovery.c,
/// XLogFileReadAnyTLI).
class WalPath {
 public:
  /// `timeline` is the one that is followed.
  WalPath(const ArchiveMap& archive, std::uint32_t timeline);

  std::uint32_t timeline() const { return m_line.front(); }
  /// Whether a backup that ended at `stop` on this timeline lies on the path: its timeline is of
  /// the line, and was not left before that.
  bool passes(std::uint32_t timeline, pg::Lsn stop) const;

  /// The name of the segment; nullopt when it is missing.
  std::optional<std::string> segment(std::uint64_t number) const;
  /// The segment that would have to be there.
  std::string wanted(std::uint64_t number) const;
  /// When it was archived.
  std::optional<util::Time> archived_at(std::uint64_t number) const;

  /// The last segment up to which none is missing from `first` on; nullopt when `first` is.
  std::optional<std::uint64_t> last_from(std::uint64_t first) const;
  /// The highest number that is there at all.
  std::uint64_t highest() const;

  pg::WalSegmentSize segment_size() const { return m_archive.segment_size; }

 private:
  std::optional<std::uint32_t> timeline_with(std::uint64_t number) const;
  /// The first segment of the timeline's own.
  std::uint64_t begin_of(std::uint32_t timeline) const;

  const ArchiveMap& m_archive;
  std::vector<std::uint32_t> m_line;  ///< newest first
};

/// The newest timeline that came from this one, itself if none did: what recovery_target_timeline
/// `latest` follows.
std::uint32_t latest_timeline(const ArchiveMap& archive, std::uint32_t from);

}  // namespace bkp::wal
