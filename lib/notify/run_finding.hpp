#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "notify/problems.hpp"
#include "util/error.hpp"

namespace bkp::notify {

/// A run as far as others are told of it.
struct RunFacts {
  std::string command;  ///< "full"
  std::string subject;  ///< "full --db studio": what it was to do, so that the next one is the same
  std::string run_key;  ///< may be empty
  std::optional<std::int64_t> run_id;
  /// Dead man's switches are called.
  bool is_sign_of_life = true;
  /// Each run counts by itself and leaves a row. If not, it is one of very many (wal-push), and
  /// only what goes wrong with it matters.
  bool recorded = true;
  bool somebody_watches = false;  ///< at a terminal: who sees a failure need not be told of it
};

/// A run that failed, as a problem: how bad it is, what is at risk, what to do.
Finding finding_of(const RunFacts& run, const util::Error& error, std::optional<Time> last_good);

}  // namespace bkp::notify
