#include "bench/support/series.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace bkp::bench {

namespace {

struct Sample {
  double wall_seconds = 0;
  double cpu_seconds = 0;
  std::uint64_t peak_memory = 0;
};

double cpu_seconds_of_this_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

Sample sample(const test::Program& program) {
  const test::Outcome outcome = program.run();
  if (!outcome.succeeded()) throw std::runtime_error{outcome.describe()};
  return {std::chrono::duration<double>(outcome.duration).count(), outcome.cpu_seconds,
          outcome.peak_memory};
}

Sample sample(const std::function<void()>& function) {
  const double cpu_before = cpu_seconds_of_this_thread();
  const auto begin = std::chrono::steady_clock::now();
  function();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  return {wall.count(), cpu_seconds_of_this_thread() - cpu_before, 0};
}

Sample run_once(const Contender& contender) {
  if (contender.prepare) contender.prepare();
  // What an earlier contender left to be written must not be this one's burden.
  ::sync();
  const auto result = std::visit([](const auto& job) { return sample(job); }, contender.job);
  if (contender.clean_up) contender.clean_up();
  return result;
}

Figures figures_of(const std::string& name, const std::vector<Sample>& samples) {
  std::vector<double> wall;
  std::vector<double> cpu;
  Figures figures;
  figures.name = name;
  for (const auto& one : samples) {
    wall.push_back(one.wall_seconds);
    cpu.push_back(one.cpu_seconds);
    figures.peak_memory = std::max(figures.peak_memory, one.peak_memory);
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
  std::vector<std::vector<Sample>> samples(contenders.size());
  for (int round = 0; round <= runs; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      std::fprintf(stderr, "  round %d of %d: %s\n", round, runs, contenders[i].name.c_str());
      const auto result = run_once(contenders[i]);
      if (round > 0) samples[i].push_back(result);
    }
  }
  std::vector<Figures> figures;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    figures.push_back(figures_of(contenders[i].name, samples[i]));
  }
  return figures;
}

}  // namespace bkp::bench
