#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "catalog/catalog.hpp"
#include "config/config.hpp"

namespace bkp::report {

/// What a site did in a while, as the catalog knows it: for a morning's summary.
struct Activity {
  struct Runs {
    std::string command;
    std::string status;  ///< of job_statuses
    int count = 0;
  };
  /// The newest good backup of a database, of the cluster, or of another kind.
  struct Newest {
    std::string what;  ///< "database studio", "the cluster (base)"
    std::string label;
    util::Time completed_at;
    std::optional<util::Time> verified_at;  ///< none: this one was not, or did not pass
  };
  util::Time since;
  std::vector<Runs> runs;
  int backups = 0;                ///< good ones, made since then
  std::int64_t backup_bytes = 0;  ///< stored, of those
  int verifications_passed = 0;
  int verifications_failed = 0;
  std::vector<Newest> newest;              ///< whenever it was made
  std::vector<catalog::StoreUsage> usage;  ///< the last sample of each store
};

/// Throws DatabaseError.
Activity activity_since(catalog::Catalog& catalog, const config::Config& config, util::Time since,
                        util::Time now);

/// Lines for people.
std::string to_text(const Activity& activity, util::Time now);
nlohmann::json to_json(const Activity& activity);

}  // namespace bkp::report
