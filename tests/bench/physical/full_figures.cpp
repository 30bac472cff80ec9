#include "bench/physical/full_figures.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "bench/physical/backup_tools.hpp"
#include "bench/physical/busy_figures.hpp"
#include "bench/physical/floor.hpp"
#include "bench/support/disk_size.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"

namespace bkp::bench {

namespace {

/// In the table: the floor, bkp, and from here on the others.
constexpr std::ptrdiff_t first_peer = 2;

void print_goals(const std::vector<Row>& rows) {
  const auto& [bkp, bkp_size, moved] = rows[1];
  const auto fastest = std::min_element(
      rows.begin() + first_peer, rows.end(),
      [](const Row& a, const Row& b) { return a.figures.wall_seconds < b.figures.wall_seconds; });
  const auto smallest =
      std::min_element(rows.begin() + first_peer, rows.end(),
                       [](const Row& a, const Row& b) { return a.size < b.size; });
  print_goal("time of bkp full / " + fastest->figures.name,
             bkp.wall_seconds / fastest->figures.wall_seconds, 0.85);
  print_goal("time of bkp full / the floor", bkp.wall_seconds / rows[0].figures.wall_seconds, 1.15);
  print_goal("size of bkp's backup / that of " + smallest->figures.name,
             static_cast<double>(bkp_size) / static_cast<double>(smallest->size), 1.05);
  print_goal("memory of bkp full", static_cast<double>(bkp.peak_memory) / (1 << 20), 200, " MiB");
}

void idle_figures(const Bench& bench, PhysicalSite& site, const std::vector<BackupTool>& tools) {
  print_title("full backup of an idle server, whose own time and memory are not counted");
  const Floor floor{site};
  std::vector<std::uint64_t> sizes(tools.size() + 1);
  std::vector<Contender> contenders{{"tar | zstd -3 -T2 (the floor)", floor.pack(), {}, [&] {
                                       sizes[0] = size_below(floor.file());
                                     }}};
  for (const auto& tool : tools) {
    contenders.push_back({tool.name, tool.full,
                          [&] {
                            if (tool.remove_old) tool.remove_old();
                            site.archive_with(tool.archive_command);
                          },
                          [&, i = contenders.size()] { sizes[i] = tool.size(); }});
  }
  const auto figures = measure(contenders, bench.runs());
  std::vector<Row> rows;
  for (std::size_t i = 0; i < figures.size(); ++i) rows.push_back({figures[i], sizes[i]});
  print_table(rows);
  print_goals(rows);
}

}  // namespace

void full_figures(const Bench& bench, PhysicalSite& site, const PgBackRest& pgbackrest) {
  if (!bench.wants("full")) return;
  const Barman barman{site};
  fmt::print("{}\n", barman.version());
  const std::vector<BackupTool> tools{bkp_full(site), pgbackrest_full(pgbackrest),
                                      pg_basebackup(site), barman_full(barman)};
  idle_figures(bench, site, tools);
  busy_figures(bench, site, tools);
}

}  // namespace bkp::bench
