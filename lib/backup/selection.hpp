#pragma once

#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/records.hpp"

namespace bkp::backup {

/// Whether a record passes a filter; the catalog's own query means the same.
bool matches(const catalog::BackupRecord& backup, const catalog::BackupFilter& filter);

/// Whether `name` is its id, its label, or a beginning of that.
bool answers_to(const catalog::BackupRecord& backup, std::string_view name);

/// Finds the backup a user names: `latest`, `latest~2` (good ones only, newest first), `v7` (the
/// configuration's version 7), a catalog id, a label, a unique prefix of a label. Throws
/// Error{not_found}; for an ambiguous prefix the message lists matches.
const catalog::BackupRecord& select_backup(const std::vector<catalog::BackupRecord>& newest_first,
                                           std::string_view name);

}  // namespace bkp::backup
