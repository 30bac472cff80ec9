#include "bench/physical/incr_figures.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "bench/support/disk_size.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"

namespace bkp::bench {

namespace {

/// Between a backup and the incremental one that is built on it.
constexpr int seconds_of_work = 10;

void require_incremental(const std::filesystem::path& backup) {
  if (!std::filesystem::exists(backup / "pages-0001.tar.zst"))
    throw std::runtime_error{"no incremental backup: " + backup.string()};
}

/// `take` takes an incremental backup, or a full one where there is none to build on.
std::function<void()> with_fresh_parent(PhysicalSite& site, const std::string& archive_command,
                                        const test::Program& take) {
  return [&site, archive_command, take] {
    site.archive_with(archive_command);
    test::output_of(take);
    test::output_of(site.pgbench(seconds_of_work));
    site.settle();
  };
}

}  // namespace

void incr_figures(const Bench& bench, PhysicalSite& site, const PgBackRest& pgbackrest) {
  if (!bench.wants("incr")) return;
  print_title(fmt::format("incremental backup after {} s of pgbench", seconds_of_work));
  const auto incr = site.timed({"incr", "-q"});
  const auto backup = pgbackrest.backup("incr");
  std::uint64_t size = 0;
  std::uint64_t peer_size = 0;
  const auto figures =
      measure({{"pgbackrest backup --type=incr", backup,
                with_fresh_parent(site, pgbackrest.archive_push(), backup),
                [&] { peer_size = size_below(pgbackrest.newest_backup()); }},
               {"bkp incr", incr, with_fresh_parent(site, site.archive_command(), incr),
                [&] {
                  require_incremental(site.newest_backup());
                  size = size_below(site.newest_backup());
                }}},
              bench.runs());
  print_table({{figures[0], peer_size}, {figures[1], size}});
  print_goal("time of bkp incr / pgbackrest", figures[1].wall_seconds / figures[0].wall_seconds,
             0.5);
}

}  // namespace bkp::bench
