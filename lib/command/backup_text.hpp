#pragma once

#include <cstdint>
#include <string>

#include "backup/copies.hpp"
#include "catalog/records.hpp"

namespace bkp::command {

/// "not verified", "verified 3d ago", "verification failed 2h ago": a backup is a hope until a
/// restore of it was checked, and every command that names one says so in these words.
std::string verification_text(const catalog::BackupRecord& backup, util::Time now);

/// The status and what is known beyond it: "not verified" for a completed one, "partial, verified
/// 3d ago", "failed", "running", with ", held" added.
std::string state_text(const catalog::BackupRecord& backup, util::Time now);

/// "3d 4h ago"; "in 2h 5min" for a time ahead; "now" within a second.
std::string age_text(util::Time then, util::Time now);

/// util::format_size() of a column of the catalog.
std::string size_text(std::int64_t bytes);

/// The stores with a complete copy: "local, offsite (damaged)" where the last check of a copy
/// failed; "-" without one.
std::string stores_text(const catalog::BackupRecord& backup);

/// "copied LABEL from store local to store offsite, 3.2 MiB", a line.
std::string copied_text(const backup::BroughtCopy& copy);

}  // namespace bkp::command
