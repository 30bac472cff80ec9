#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "config/config.hpp"
#include "util/environment.hpp"
#include "util/fd.hpp"

namespace bkp::run {

/// How `bkp schedule run-due` tells a process which run it is: this variable of its environment,
/// "RUN_KEY SCHEDULE_ID DUE_AT".
inline constexpr auto scheduled_run_variable = "BKP_SCHEDULED_RUN";

/// The exit code of a process whose run another one has claimed: run-due alone sees it.
inline constexpr int claimed_by_another = 79;

std::string to_text(const catalog::ScheduledRun& run);
/// nullopt where the variable is not set. Throws Error{usage} where it is no such text.
std::optional<catalog::ScheduledRun> scheduled_run(const util::Environment& environment);

/// Of the processes that were started for one run, the first to claim it is the one that does it.
/// A claim is a file of the run's name, made once, and locked (flock(2)) for as long as the process
/// lives.
class Claims {
 public:
  explicit Claims(const config::Config& config);

  /// The claim, to be held until the process ends; no Fd where another process has had it. Throws
  /// Error{store}.
  util::Fd claim(const catalog::ScheduledRun& run) const;

  struct Claim {
    catalog::ScheduledRun run;
    bool held = false;  ///< its process lives
  };
  std::vector<Claim> all() const;
  std::optional<Claim> find(const std::string& run_key) const;
  /// Forgets a claim, after which the run could be begun again.
  void forget(const std::string& run_key) const;

 private:
  std::filesystem::path m_directory;
};

}  // namespace bkp::run
