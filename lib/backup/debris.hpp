#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "catalog/records.hpp"
#include "store/store.hpp"
#include "util/clock.hpp"

namespace bkp::backup {

/// Whose the objects of a label without a manifest are.
enum class Remains {
  of_a_run,     ///< a run that did not come to its end, or a backup that was to go
  of_a_backup,  ///< a good backup here, as the catalog knows: its manifest was lost
  of_nobody,    ///< nothing is known: perhaps a copy that somebody is making by hand
};

/// What the catalog's row (nullopt: there is none) says of them on `store`.
Remains judge_remains(const std::optional<catalog::BackupRecord>& known, const std::string& store);

using Judge = std::function<Remains(const std::string& label)>;

struct Cleared {
  std::vector<std::string> removed;     ///< labels
  std::vector<std::string> unfinished;  ///< keys of uploads that were given up
  std::vector<std::string> left;        ///< messages about what was not removed, and why
};

/// Removes, for a holder of the write lock: unfinished uploads, and the objects of labels without a
/// manifest that are `judge`d to be a run's, or are marked as pruned. All else is left alone: what
/// was a backup, what nobody knows, and what has no label's name.
Cleared clear_remains(store::Store& store, const Layout& layout, const Judge& judge);

/// Of labels without a manifest those whose objects clear_remains() would remove.
std::vector<std::string> foresee_clearing(store::Store& store, const Layout& layout,
                                          const std::vector<std::string>& labels,
                                          const Judge& judge);

/// What remove_backup() took away, also what it had taken before it threw.
struct RemovedObjects {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

/// Removes every object of a label: the manifest first, from then on it is no backup, whatever
/// stops the rest. Adds to `removed`. Throws what the store throws.
void remove_objects(store::Store& store, const Layout& layout, const std::string& label,
                    RemovedObjects& removed);

/// The same of a backup, which is marked as pruned before (see marks.hpp), so that the next run
/// knows what became of it should this one be broken off. On a full disk it goes without the mark.
void remove_backup(store::Store& store, const Layout& layout, const std::string& label,
                   util::Time now, RemovedObjects& removed);

}  // namespace bkp::backup
