#pragma once

#include <set>
#include <string>
#include <vector>

#include "status/site_status.hpp"

namespace bkp::status {

/// What ought to be there, and what is on its way.
struct Expectations {
  std::set<std::string> kinds;    ///< dump, base, incremental: by configuration or schedule
  std::set<std::string> running;  ///< commands that run now
};

/// The kinds of which there are backups, and those that there ought to be; dumps are of each of the
/// `databases`. Pure.
std::vector<Kind> kinds_of(const std::vector<catalog::BackupRecord>& newest_first,
                           const std::vector<std::string>& databases, const Expectations& expected,
                           const config::Status& settings, Time now);

}  // namespace bkp::status
