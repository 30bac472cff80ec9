#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/support/series.hpp"

namespace bkp::bench {

/// The processor, its number, the memory, the kernel: what a figure is worth nothing without.
std::string machine();

void print_title(std::string_view title);

struct Row {
  Figures figures;
  std::uint64_t size = 0;   ///< bytes that it left on the disk; 0 = not said
  std::uint64_t moved = 0;  ///< bytes that went through it, for a rate; 0 = not said
};

/// The rows with their wall time as a share of the first one's.
void print_table(const std::vector<Row>& rows);

/// "met    time of bkp full / the floor: 1.08, at most 1.15". Misses are counted: see missed().
void print_goal(std::string_view what, double value, double most, std::string_view unit = {});
/// The same, of a value that should not be less.
void print_goal_at_least(std::string_view what, double value, double least,
                         std::string_view unit = {});

/// How many goals were not met so far.
int missed();

}  // namespace bkp::bench
