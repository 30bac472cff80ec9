#include "bench/physical/physical_site.hpp"

#include <unistd.h>

#include <algorithm>

#include "bench/support/cluster_options.hpp"

namespace bkp::bench {

namespace {

constexpr std::chrono::hours patience{1};

test::ClusterOptions options() {
  auto options = cluster_options();
  options.initdb_arguments = {"--data-checksums", "--wal-segsize=16"};
  return options;
}

}  // namespace

std::filesystem::path last_in(const std::filesystem::path& directory) {
  std::filesystem::path last;
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    last = std::max(last, entry.path());
  return last;
}

PhysicalSite::PhysicalSite(int scale) : ArchivingSite{"", options()} {
  must({"init"});
  // What it is filled with is nothing that a backup needs.
  set_archive_command("true");
  cluster().create_database("pgbench");
  test::output_of(
      program({path_of("pgbench"), "-i", "-q", "-s", std::to_string(scale), "pgbench"}));
}

test::Program PhysicalSite::program(std::vector<std::string> argv) {
  auto environment = cluster().environment();
  environment["PATH"] = cluster().bin_directory().string() + ":" + environment["PATH"];
  test::Program program{std::move(argv)};
  program.with_environment(std::move(environment))
      .in_directory(cluster().data_directory())
      .with_timeout(patience);
  if (::geteuid() == 0) program.as_user(cluster().user());
  return program;
}

test::Program PhysicalSite::timed(std::vector<std::string> arguments) const {
  return command(std::move(arguments)).with_timeout(patience);
}

test::Program PhysicalSite::pgbench(int seconds) {
  return program({path_of("pgbench"), "-n", "-c", "2", "-T", std::to_string(seconds), "pgbench"});
}

void PhysicalSite::archive_with(const std::string& command) {
  set_archive_command(command);
  settle();
}

void PhysicalSite::settle() {
  cluster().psql("postgres", "checkpoint");
  wait_for_archived(switch_segment(), patience);
}

std::string PhysicalSite::take(std::vector<std::string> arguments) const {
  arguments.emplace_back("--json");
  const auto report = nlohmann::json::parse(test::output_of(timed(std::move(arguments))));
  return report["result"]["backups"][0]["label"];
}

std::uint64_t PhysicalSite::database_bytes() {
  return std::stoull(
      cluster().psql("postgres", "select sum(pg_database_size(oid)) from pg_database"));
}

}  // namespace bkp::bench
