#include "bench/series.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace bkp::bench {

namespace {

test::Outcome run_once(const Contender& contender) {
  if (contender.prepare) contender.prepare();
  // What an earlier contender left to be written must not be this one's burden.
  ::sync();
  const test::Outcome outcome = contender.program.run();
  if (!outcome.succeeded()) throw std::runtime_error{outcome.describe()};
  if (contender.clean_up) contender.clean_up();
  return outcome;
}

Figures figures_of(const std::string& name, const std::vector<test::Outcome>& outcomes) {
  std::vector<double> wall;
  std::vector<double> cpu;
  Figures figures;
  figures.name = name;
  for (const auto& outcome : outcomes) {
    wall.push_back(std::chrono::duration<double>(outcome.duration).count());
    cpu.push_back(outcome.cpu_seconds);
    figures.peak_memory = std::max(figures.peak_memory, outcome.peak_memory);
  }
  figures.slowest_seconds = *std::max_element(wall.begin(), wall.end());
  figures.wall_seconds = median(std::move(wall));
  figures.cpu_seconds = median(std::move(cpu));
  return figures;
}

}  // namespace

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

std::vector<Figures> measure(const std::vector<Contender>& contenders, int runs) {
  std::vector<std::vector<test::Outcome>> outcomes(contenders.size());
  for (int round = 0; round <= runs; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      std::fprintf(stderr, "  round %d of %d: %s\n", round, runs, contenders[i].name.c_str());
      auto outcome = run_once(contenders[i]);
      if (round > 0) outcomes[i].push_back(std::move(outcome));
    }
  }
  std::vector<Figures> figures;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    figures.push_back(figures_of(contenders[i].name, outcomes[i]));
  }
  return figures;
}

}  // namespace bkp::bench
