#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backup/manifest.hpp"
#include "recover/recovery_target.hpp"
#include "run/context.hpp"
#include "util/error.hpp"
#include "wal/site_archive.hpp"

namespace bkp::recover {

/// Where a recovery ends, as far as the archived WAL tells.
struct ReachedTarget {
  std::uint64_t segment = 0;  ///< the last that is needed
  /// The server must not ask for more: behind it there is a gap, or damage.
  bool cut_off = false;
  std::optional<pg::WalEvent> newest{};  ///< that is in the recovery
  /// Transactions that come after the target, as far as the WAL was read and could be; nullopt
  /// where it was not.
  std::optional<std::uint64_t> commits_after{};
};

/// What a recovery from one backup reaches along one path through the archive.
class WalReach {
 public:
  /// Throws Error{damaged} naming what is missing without which the backup is never consistent.
  WalReach(run::Context& context, const wal::SiteArchive& archive, const wal::WalPath& path,
           const std::string& label, const backup::PhysicalProperties& backup);

  std::uint64_t first() const { return m_first; }  ///< the segment the recovery begins with

  /// nullopt when a transaction or restore point is not in the WAL behind the backup. Throws
  /// Error{not_found} when a time or an LSN is behind the end of the archive or behind a gap,
  /// Error{damaged} for a gap before the end of the archive where that is the target, and for what
  /// is damaged on the way: all say what can be reached.
  std::optional<ReachedTarget> find(const RecoveryTarget& target) const;

 private:
  std::optional<ReachedTarget> find_event(const RecoveryTarget& target, std::uint64_t from) const;
  std::optional<ReachedTarget> find_lsn(pg::Lsn lsn, bool inclusive) const;
  ReachedTarget find_end() const;
  std::uint64_t first_to_read(util::Time time) const;
  std::uint64_t segment_with(pg::Lsn end) const;
  bool is_sound(std::uint64_t segment) const;

  std::string missing_from(std::uint64_t first) const;
  std::string newest_text() const;
  util::Error unreachable(const RecoveryTarget& target) const;
  util::Error gap_before_end() const;
  util::Error damaged(const util::Error& error, const std::optional<pg::WalEvent>& newest) const;

  run::Context& m_context;
  const wal::SiteArchive& m_archive;
  const wal::WalPath& m_path;
  pg::Lsn m_stop;  ///< of the backup: recovery can end at no record before it
  std::uint64_t m_first;
  std::uint64_t m_last = 0;  ///< up to which none is missing
};

/// A time may be one of a branch that was left since: what was done there by then is not on the
/// path, on which `newest` is the last before the time. The sentence to warn with; nullopt where it
/// is not so, or cannot be told.
std::optional<std::string> branch_warning(const run::Context& context,
                                          const wal::SiteArchive& archive, const wal::WalPath& path,
                                          util::Time target,
                                          const std::optional<pg::WalEvent>& newest);

}  // namespace bkp::recover
