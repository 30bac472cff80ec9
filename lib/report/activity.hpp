#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "catalog/catalog.hpp"

namespace bkp::report {

/// What a site did in a while, as the catalog knows it: for a morning's summary.
struct Activity {
  struct Runs {
    std::string command;
    std::string status;  ///< of job_statuses
    int count = 0;
  };
  util::Time since;
  std::vector<Runs> runs;         ///< those that ended
  int backups = 0;                ///< good ones, made since then
  std::int64_t backup_bytes = 0;  ///< stored, of those
  int verifications_passed = 0;
  int verifications_failed = 0;
};

/// Throws DatabaseError.
Activity activity_since(catalog::Catalog& catalog, util::Time since);

/// Lines for people.
std::string to_text(const Activity& activity);
nlohmann::json to_json(const Activity& activity);

}  // namespace bkp::report
