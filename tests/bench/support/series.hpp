#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "support/program.hpp"

namespace bkp::bench {

/// One way of doing a job, to be measured against the others: a program, or a function that is
/// called here. `prepare` and `clean_up` are not counted; both may be empty.
struct Contender {
  std::string name;
  std::variant<test::Program, std::function<void()>> job;
  std::function<void()> prepare = {};
  std::function<void()> clean_up = {};
};

/// Medians over the counted runs.
struct Figures {
  std::string name;
  double wall_seconds = 0;
  double cpu_seconds = 0;  ///< user and system; of a program and its children, or of this thread
  /// Bytes; the largest process of a program and its children. 0 of a function.
  std::uint64_t peak_memory = 0;
  double slowest_seconds = 0;  ///< wall time of the slowest counted run: tells a noisy machine
};

/// Runs all contenders in turn, `runs` times after one round that is not counted, so that a machine
/// that slows down slows all of them. Throws when one fails.
std::vector<Figures> measure(const std::vector<Contender>& contenders, int runs);

double median(std::vector<double> values);

}  // namespace bkp::bench
