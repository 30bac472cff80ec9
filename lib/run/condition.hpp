#pragma once

#include <string>

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

}  // namespace bkp::run
