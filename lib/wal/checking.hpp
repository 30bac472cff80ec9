#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backup/wal_need.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"
#include "util/error.hpp"
#include "wal/gaps.hpp"

namespace bkp::wal {

enum class CheckLevel {
  names,    ///< which files there are
  content,  ///< and every byte of them
};

struct CheckOptions {
  CheckLevel level = CheckLevel::content;
  bool mend = false;  ///< replace damaged copies by good ones of other stores
};

struct DamagedFile {
  std::string name;
  std::string error;
};

/// What was found of one store.
struct CheckedStore {
  std::string name;
  bool required = true;
  std::optional<util::Error> failure;  ///< it could not be read
  std::size_t files = 0;
  std::uint64_t stored_bytes = 0;
  std::vector<std::string> missing;  ///< files that another store has, and it has not
  std::vector<std::string> brought;  ///< those that were brought to it now
  std::vector<DamagedFile> damaged;
  std::vector<std::string> mended;
  std::vector<std::string> strange;  ///< keys
};

/// What was found of one timeline, of all stores together.
struct CheckedTimeline {
  std::uint32_t timeline = 0;
  std::string first;  ///< segments
  std::string last;
  std::size_t segments = 0;
  util::Time archived_at;  ///< the last
};

struct NamedGap {
  std::string first;  ///< segments
  std::string last;
  std::size_t segments = 0;
  std::string label;  ///< see WalGap
  /// See bridge_of().
  std::optional<std::string> past_by;
  /// That backup is so young that retention.wal promises recovery to times before it.
  bool promised = false;
};

/// A kept backup, as far as it concerns the WAL.
struct KeptBackup {
  std::string label;
  backup::WalNeed need;
  util::Time started_at;
};

struct CheckedArchive {
  std::vector<CheckedStore> stores;
  std::vector<CheckedTimeline> timelines;
  std::vector<NamedGap> gaps;
  std::vector<std::string> names;  ///< of all files, sorted
  std::vector<DamagedFile> lost;   ///< no store has a good copy, or timelines lack their history
  bool opened = true;              ///< contents were opened, records proven; else digests only
};

/// Looks at the archive on all stores: continuity of each timeline and of what backups need, by
/// name; at level content every byte, and where the files can be opened every record of the WAL.
/// Files that a store lacks are brought to it from another one that has them, unless they are older
/// than its retention.wal or it is a dry run. Throws when no store can be read.
CheckedArchive check_archive(run::Context& context, const CheckOptions& options,
                             const std::vector<KeptBackup>& backups);

}  // namespace bkp::wal
