// ./dev bench dump: how long dumps, restores and verifications take beside what people use today.
#include <charconv>
#include <cstdlib>
#include <exception>
#include <system_error>

#include <fmt/format.h>

#include "bench/catalog_figures.hpp"
#include "bench/report.hpp"
#include "bench/series.hpp"
#include "bench/text_database.hpp"
#include "support/site.hpp"

namespace {

using bkp::bench::Contender;
using bkp::test::Program;

struct Options {
  int runs = 3;
  int scale = 50;                  // of pgbench; 15 MiB each
  std::uint64_t megabytes = 1024;  // of the database of text
  std::string only;                // pgbench, text, catalog
};

std::uint64_t size_below(const std::filesystem::path& path) {
  if (std::filesystem::is_regular_file(path)) return std::filesystem::file_size(path);
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{path}) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

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

bkp::test::ClusterOptions cluster_options() {
  bkp::test::ClusterOptions options;
  options.settings = {{"shared_buffers", "1GB"},
                      {"max_wal_size", "4GB"},
                      {"maintenance_work_mem", "256MB"},
                      {"autovacuum", "off"}};
  return options;
}

void bench_database(bkp::test::Site& site, const std::string& name, const std::string& title,
                    const Options& options) {
  bkp::bench::print_title(fmt::format(
      "{}: a database of {}", title,
      site.cluster().psql("postgres",
                          fmt::format("select pg_size_pretty(pg_database_size('{}'))", name))));
  DumpBench bench{site, name, options.runs};
  bench.dumps();
  if (name == "text") {
    bkp::bench::print_goal("time of bkp full / pg_dump -Fc", bench.against_custom(), 0.35);
  }
  bench.restores();
}

bool wanted(const Options& options, std::string_view part) {
  return options.only.empty() || options.only == part;
}

/// A whole number above 0 and nothing else.
template <class Number>
Number parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number > 0) return number;
  throw std::runtime_error{fmt::format("\"{}\" is no whole number above 0", text)};
}

std::string parse_part(std::string_view text) {
  for (const std::string_view part : {"pgbench", "text", "catalog"}) {
    if (text == part) return std::string{part};
  }
  throw std::runtime_error{fmt::format("--only pgbench, text or catalog, not \"{}\"", text)};
}

Options parse(int argc, char** argv) {
  Options options;
  if (argc % 2 == 0) {
    throw std::runtime_error{
        "usage: ./dev bench dump [--runs N] [--scale N] [--megabytes N] [--only "
        "pgbench|text|catalog]"};
  }
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string_view value = argv[i + 1];
    if (name == "--runs")
      options.runs = parse_number<int>(value);
    else if (name == "--scale")
      options.scale = parse_number<int>(value);
    else if (name == "--megabytes")
      options.megabytes = parse_number<std::uint64_t>(value);
    else if (name == "--only")
      options.only = parse_part(value);
    else
      throw std::runtime_error{fmt::format("unknown option {}", name)};
  }
  return options;
}

void run(const Options& options) {
  fmt::print("{}\nmedians of {} runs in turn, after one that is not counted\n",
             bkp::bench::machine(), options.runs);
  if (wanted(options, "pgbench") || wanted(options, "text")) {
    bkp::test::Site site{"", cluster_options()};
    fmt::print("PostgreSQL {}\n{}", site.cluster().psql("postgres", "show server_version"),
               site.bkp().run({"--version"}).out);
    site.must({"init"});
    if (wanted(options, "pgbench")) {
      site.cluster().create_database("pgbench");
      bkp::test::output_of(
          Program{{(site.cluster().bin_directory() / "pgbench").string(), "-i", "-q",
                   "--foreign-keys", "-s", std::to_string(options.scale), "pgbench"}}
              .with_environment(site.cluster().environment())
              .with_timeout(std::chrono::hours{1}));
      bench_database(site, "pgbench", fmt::format("pgbench, scale {}", options.scale), options);
      site.cluster().psql("postgres", "drop database pgbench");
    }
    if (wanted(options, "text")) {
      bkp::bench::make_text_database(site.cluster(), "text", options.megabytes << 20U);
      bench_database(site, "text", "text and jsonb", options);
    }
  }
  if (wanted(options, "catalog")) bkp::bench::catalog_figures(options.runs);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(parse(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench: {}\n", error.what());
    return 2;
  }
  return bkp::bench::missed() == 0 ? 0 : 1;
}
