#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace bkp::bench {

/// What main() of a benchmark does: options, the head of what it prints, the exit code.
class Bench {
 public:
  /// `./dev bench NAME`; `parts` are what --only can be.
  Bench(const std::string& name, std::vector<std::string> parts);

  int runs() const { return m_runs; }
  /// Of what it works on.
  std::uint64_t bytes() const { return m_megabytes << 20U; }
  /// Whether this part was asked for, or all.
  bool wants(std::string_view part) const { return m_only.empty() || m_only == part; }
  /// For options of its own.
  CLI::App& app() { return m_app; }

  /// What the benchmark has done in a process of its own, so that its memory can be told: what
  /// own_job() starts. The job gets the arguments behind its name.
  using Job = std::function<void(const std::vector<std::string>& arguments)>;
  void add_job(const std::string& name, Job job) { m_jobs[name] = std::move(job); }

  /// 0; 1 when a goal was missed; 2 when the benchmark did not come to its end.
  int run(int argc, const char* const* argv, const std::function<void()>& measure_all);

 private:
  bool do_job(int argc, const char* const* argv) const;

  CLI::App m_app;
  int m_runs = 3;
  std::uint64_t m_megabytes = 1024;
  std::string m_only;
  std::map<std::string, Job> m_jobs;
};

/// The command for this program with one of its jobs, see Bench::add_job().
std::vector<std::string> own_job(std::vector<std::string> name_and_arguments);

}  // namespace bkp::bench
