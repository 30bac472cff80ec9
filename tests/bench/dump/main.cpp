// ./dev bench dump: how long dumps, restores and verifications take beside what people use today.
#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>

#include "bench/dump/catalog_figures.hpp"
#include "bench/support/bench.hpp"
#include "bench/support/cluster_options.hpp"
#include "bench/support/disk_size.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "bench/support/text_database.hpp"
#include "support/site.hpp"

namespace {

using bkp::bench::Bench;
using bkp::bench::Contender;
using bkp::bench::size_below;
using bkp::test::Program;

/// All contenders over one database.
class DumpBench {
 public:
  DumpBench(bkp::test::Site& site, std::string database, int runs)
      : m_site{site}, m_database{std::move(database)}, m_runs{runs} {}

  void dumps() {
    const auto file = m_out / "out";
    const auto clean = [file] { std::filesystem::remove_all(file); };
    const std::vector<Contender> contenders{
        {"pg_dump -Fc -Z0 | zstd -3 -T2 (the floor)",
         shell(fmt::format("set -o pipefail; pg_dump -Fc -Z0 {} | zstd -q -3 -T2 -o {}", m_database,
                           file.string())),
         clean},
        {"bkp full", bkp({"full", "--db", m_database, "-q"})},
        {"pg_dump -Fc", shell(fmt::format("pg_dump -Fc -f {} {}", file.string(), m_database)),
         clean},
        {"pg_dump | gzip",
         shell(fmt::format("set -o pipefail; pg_dump {} | gzip > {}", m_database, file.string())),
         clean},
        {"pg_dump -Fd -j2",
         shell(fmt::format("pg_dump -Fd -j2 -f {} {}", file.string(), m_database)), clean}};
    std::vector<std::uint64_t> sizes(contenders.size());
    auto watched = contenders;
    for (std::size_t i = 0; i < watched.size(); ++i) {
      watched[i].clean_up = [this, i, &sizes, file] {
        sizes[i] = i == 1 ? newest_dump_size() : size_below(file);
      };
    }
    const auto figures = bkp::bench::measure(watched, m_runs);
    std::vector<bkp::bench::Row> rows;
    for (std::size_t i = 0; i < figures.size(); ++i) rows.push_back({figures[i], sizes[i]});
    bkp::bench::print_table(rows);
    bkp::bench::print_goal("time of bkp full / the floor",
                           figures[1].wall_seconds / figures[0].wall_seconds, 1.15);
    m_against_custom = figures[1].wall_seconds / figures[2].wall_seconds;
    bkp::bench::print_goal("size of bkp's dump / the floor's",
                           static_cast<double>(sizes[1]) / static_cast<double>(sizes[0]), 1.0);
    bkp::bench::print_goal("memory of bkp full",
                           static_cast<double>(figures[1].peak_memory) / (1 << 20), 100, " MiB");
  }

  double against_custom() const { return m_against_custom; }

  void restores() {
    const auto plain = m_out / "plain.pgc";
    bkp::test::output_of(
        shell(fmt::format("pg_dump -Fc -Z0 -f {} {}", plain.string(), m_database)));
    const auto drop = [this] {
      m_site.cluster().psql("postgres", "drop database if exists restored");
    };
    const auto create = [this, drop] {
      drop();
      m_site.cluster().create_database("restored");
    };
    const auto figures = bkp::bench::measure(
        {{"pg_restore -j2 from an uncompressed file",
          shell(fmt::format("pg_restore -j2 -d restored {}", plain.string())), create, drop},
         {"bkp restore",
          bkp({"restore", "latest", "--db", m_database, "--into", "restored", "--jobs", "2", "-q"}),
          drop, drop},
         {"bkp verify", bkp({"verify", "latest", "--db", m_database, "-q"})}},
        m_runs);
    std::filesystem::remove(plain);
    bkp::bench::print_table({{figures[0]}, {figures[1]}, {figures[2]}});
    bkp::bench::print_goal("time of bkp restore / pg_restore",
                           figures[1].wall_seconds / figures[0].wall_seconds, 1.1);
    bkp::bench::print_goal("time of bkp verify / pg_restore",
                           figures[2].wall_seconds / figures[0].wall_seconds, 1.5);
  }

 private:
  Program shell(const std::string& script) const {
    const auto path = m_site.cluster().bin_directory().string() + ":" + std::getenv("PATH");
    return Program{{"bash", "-c", script}}
        .with_environment(m_site.cluster().environment())
        .with_variable("PATH", path)
        .with_timeout(std::chrono::hours{1});
  }
  Program bkp(std::vector<std::string> arguments) const {
    return m_site.bkp().command(std::move(arguments)).with_timeout(std::chrono::hours{1});
  }
  std::uint64_t newest_dump_size() const {
    const auto shown = m_site.json({"show", "latest", "--db", m_database});
    for (const auto& part : shown["result"]["parts"])
      if (part["role"] == "dump") return part["size_bytes"];
    throw std::runtime_error{"the backup has no dump"};
  }

  bkp::test::Site& m_site;
  std::string m_database;
  int m_runs;
  double m_against_custom = 0;
  bkp::test::TemporaryDirectory m_out;
};

void bench_database(bkp::test::Site& site, const std::string& name, const std::string& title,
                    int runs) {
  bkp::bench::print_title(fmt::format(
      "{}: a database of {}", title,
      site.cluster().psql("postgres",
                          fmt::format("select pg_size_pretty(pg_database_size('{}'))", name))));
  DumpBench bench{site, name, runs};
  bench.dumps();
  if (name == "text") {
    bkp::bench::print_goal("time of bkp full / pg_dump -Fc", bench.against_custom(), 0.35);
  }
  bench.restores();
}

void bench_databases(const Bench& bench, int scale) {
  bkp::test::Site site{"", bkp::bench::cluster_options()};
  fmt::print("PostgreSQL {}\n{}", site.cluster().psql("postgres", "show server_version"),
             site.bkp().run({"--version"}).out);
  site.must({"init"});
  if (bench.wants("pgbench")) {
    site.cluster().create_database("pgbench");
    bkp::test::output_of(Program{{(site.cluster().bin_directory() / "pgbench").string(), "-i", "-q",
                                  "--foreign-keys", "-s", std::to_string(scale), "pgbench"}}
                             .with_environment(site.cluster().environment())
                             .with_timeout(std::chrono::hours{1}));
    bench_database(site, "pgbench", fmt::format("pgbench, scale {}", scale), bench.runs());
    site.cluster().psql("postgres", "drop database pgbench");
  }
  if (bench.wants("text")) {
    bkp::bench::make_text_database(site.cluster(), "text", bench.bytes());
    bench_database(site, "text", "text and jsonb", bench.runs());
  }
}

}  // namespace

int main(int argc, char** argv) {
  Bench bench{"dump", {"pgbench", "text", "catalog"}};
  int scale = 50;
  bench.app()
      .add_option("--scale", scale, "of pgbench, 15 MiB each; default 50")
      ->check(CLI::Range(1, 100'000));
  return bench.run(argc, argv, [&] {
    if (bench.wants("pgbench") || bench.wants("text")) bench_databases(bench, scale);
    if (bench.wants("catalog")) bkp::bench::catalog_figures(bench.runs());
  });
}
