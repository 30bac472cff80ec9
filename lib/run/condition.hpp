#pragma once

#include <string>
#include <vector>

#include "config/channels.hpp"

namespace bkp::run {

/// What a run noticed besides its own work, good or bad: whoever is told of problems is told when
/// it changes.
struct Condition {
  std::string subject;  ///< "store local"
  config::Topic topic = config::Topic::capacity;
  bool good = true;
  config::Severity severity = config::Severity::warning;  ///< where it is not good
  std::string title;                                      ///< "store local fills up"
  std::string solved_title;                               ///< "store local has room again"
  std::string what;
  std::string risk;
  std::string next;
};

/// All that a run noticed.
struct Conditions {
  std::vector<Condition> all;
  /// Of the subjects that begin so, those that are not among `all` are as they should be, or are
  /// not there any more; empty: nothing is said of others.
  std::string complete_below;
};

}  // namespace bkp::run
