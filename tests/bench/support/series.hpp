#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/program.hpp"

namespace bkp::bench {

/// One way of doing a job, to be measured against the others. `prepare` and `clean_up` are not
/// counted; both may be empty.
struct Contender {
  std::string name;
  test::Program program;
  std::function<void()> prepare = {};
  std::function<void()> clean_up = {};
};

/// Medians over the counted runs.
struct Figures {
  std::string name;
  double wall_seconds = 0;
  double cpu_seconds = 0;         ///< user and system, of the program and its children
  std::uint64_t peak_memory = 0;  ///< bytes; the largest process of the program and its children
  double slowest_seconds = 0;     ///< wall time of the slowest counted run: tells a noisy machine
};

/// Runs all contenders in turn, `runs` times after one round that is not counted, so that a machine
/// that slows down slows all of them. Throws when one fails.
std::vector<Figures> measure(const std::vector<Contender>& contenders, int runs);

double median(std::vector<double> values);

}  // namespace bkp::bench
