#include "bench/support/bench.hpp"

#include <exception>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "bench/support/report.hpp"

namespace bkp::bench {

Bench::Bench(const std::string& name, std::vector<std::string> parts)
    : m_app{"Times of bkp beside what people use today", "./dev bench " + name} {
  m_app.add_option("--runs", m_runs, "counted runs of each contender; default 3")
      ->check(CLI::Range(1, 1000));
  m_app.add_option("--megabytes", m_megabytes, "of what is worked on; default 1024")
      ->check(CLI::Range(1, 1'000'000));
  m_app.add_option("--only", m_only, "one part of the benchmark")
      ->check(CLI::IsMember(std::move(parts)));
}

/// False when it is none that is asked for.
bool Bench::do_job(int argc, const char* const* argv) const {
  const auto job = m_jobs.find(argc > 1 ? argv[1] : "");
  if (job == m_jobs.end()) return false;
  job->second({argv + 2, argv + argc});
  return true;
}

int Bench::run(int argc, const char* const* argv, const std::function<void()>& measure_all) {
  try {
    if (do_job(argc, argv)) return 0;
    m_app.parse(argc, argv);
    fmt::print("{}\nmedians of {} runs in turn, after one that is not counted\n", machine(),
               m_runs);
    measure_all();
  } catch (const CLI::ParseError& error) {
    return m_app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench: {}\n", error.what());
    return 2;
  }
  return missed() == 0 ? 0 : 1;
}

std::vector<std::string> own_job(std::vector<std::string> name_and_arguments) {
  name_and_arguments.insert(name_and_arguments.begin(),
                            std::filesystem::read_symlink("/proc/self/exe").string());
  return name_and_arguments;
}

}  // namespace bkp::bench
