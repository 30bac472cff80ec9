// ./dev bench physical: how long base backups, incremental ones, restores of the cluster and its
// WAL take beside pgBackRest, pg_basebackup and barman.
#include <fmt/format.h>

#include "bench/physical/full_figures.hpp"
#include "bench/physical/incr_figures.hpp"
#include "bench/physical/restore_figures.hpp"
#include "bench/physical/wal_figures.hpp"
#include "util/units.hpp"

namespace {

using namespace bkp::bench;

void bench_cluster(const Bench& bench, int scale) {
  PhysicalSite site{scale};
  const PgBackRest pgbackrest{site};
  fmt::print("PostgreSQL {}\n{}{}\na cluster with {} of databases: pgbench, scale {}\n",
             site.cluster().psql("postgres", "show server_version"),
             site.bkp().run({"--version"}).out, pgbackrest.description(),
             bkp::util::format_size(site.database_bytes()), scale);
  full_figures(bench, site, pgbackrest);
  incr_figures(bench, site, pgbackrest);
  restore_figures(bench, site, pgbackrest);
  wal_figures(bench, site, pgbackrest);
}

}  // namespace

int main(int argc, char** argv) {
  Bench bench{"physical", {"full", "incr", "restore", "wal"}};
  int scale = 140;
  bench.app()
      .add_option("--scale", scale, "of pgbench, 15 MiB each; default 140")
      ->check(CLI::Range(1, 100'000));
  return bench.run(argc, argv, [&] { bench_cluster(bench, scale); });
}
