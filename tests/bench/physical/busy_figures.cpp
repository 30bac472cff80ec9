#include "bench/physical/busy_figures.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "support/wait_until.hpp"

namespace bkp::bench {

namespace {

/// pgbench at work in the background, until it is taken away.
class Work {
 public:
  explicit Work(PhysicalSite& site) : m_site{site}, m_pgbench{site.pgbench(24 * 60 * 60).start()} {
    const auto before = transactions();
    if (!test::wait_until([&] { return transactions() > before + 100; }))
      throw std::runtime_error{"pgbench does nothing: " + m_pgbench.err_so_far()};
  }

  /// Transactions a second while the job is done.
  double rate_during(const std::function<void()>& job) const {
    const auto transactions_before = transactions();
    const auto begin = std::chrono::steady_clock::now();
    job();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    return static_cast<double>(transactions() - transactions_before) / taken.count();
  }

 private:
  /// Each takes the next number.
  std::uint64_t transactions() const {
    return std::stoull(
        m_site.cluster().psql("postgres", "select pg_snapshot_xmax(pg_current_snapshot())"));
  }

  PhysicalSite& m_site;
  test::RunningProgram m_pgbench;
};

/// Transactions a second in each run, the first one uncounted.
struct Rates {
  std::vector<double> alone;
  std::vector<double> beside;
};

Contender busy_full(PhysicalSite& site, const BackupTool& tool, std::optional<Work>& work,
                    Rates& rates) {
  return {tool.name,
          [&] { rates.beside.push_back(work->rate_during([&] { test::output_of(tool.full); })); },
          [&] {
            if (tool.remove_old) tool.remove_old();
            site.archive_with(tool.archive_command);
            work.emplace(site);
            rates.alone.push_back(
                work->rate_during([] { std::this_thread::sleep_for(std::chrono::seconds{10}); }));
          },
          [&] { work.reset(); }};
}

double counted_median(const std::vector<double>& rates) {
  return median({rates.begin() + 1, rates.end()});
}

}  // namespace

void busy_figures(const Bench& bench, PhysicalSite& site, const std::vector<BackupTool>& tools) {
  print_title("full backup beside pgbench with two clients, which no disk holds up (fsync is off)");
  std::optional<Work> work;
  std::vector<Rates> rates(tools.size());
  std::vector<Contender> contenders;
  for (std::size_t i = 0; i < tools.size(); ++i)
    contenders.push_back(busy_full(site, tools[i], work, rates[i]));
  const auto figures = measure(contenders, bench.runs());
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const auto alone = counted_median(rates[i].alone);
    const auto beside = counted_median(rates[i].beside);
    fmt::print("  {}, {:.1f} s: {:.0f} transactions a second instead of {:.0f}, {:.0f} %\n",
               tools[i].name, figures[i].wall_seconds, beside, alone, beside / alone * 100);
  }
}

}  // namespace bkp::bench
