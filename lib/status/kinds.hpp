#pragma once

#include <string>
#include <vector>

#include "status/site_status.hpp"

namespace bkp::status {

/// The kinds of which there are backups, and those that there ought to be: the dumps of
/// `databases`, and what `expected` names besides (base, incremental). Pure.
std::vector<Kind> kinds_of(const std::vector<catalog::BackupRecord>& newest_first,
                           const std::vector<std::string>& databases,
                           const std::vector<std::string>& expected, const config::Status& settings,
                           Time now);

}  // namespace bkp::status
