#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/archiving_site.hpp"

namespace bkp::test {

/// A site with a base backup, in which a table tells what was committed when.
struct PitrSite : ArchivingSite {
  std::string label;

  explicit PitrSite(const std::string& yaml = {}, ClusterOptions options = {})
      : ArchivingSite{yaml, std::move(options)} {
    must({"init"});
    start_archiving();
    cluster().psql(
        "postgres",
        "create table marker (i int primary key, at timestamptz default clock_timestamp())");
    mark(1);
    label = back_up_cluster();
  }

  std::string back_up_cluster() const {
    const auto report = json({"full", "--method", "base"});
    if (report.at("status") != "ok") throw std::runtime_error{report.dump(1)};
    return report["result"]["backups"][0]["label"];
  }
  void mark(int i) {
    cluster().psql("postgres", "insert into marker values (" + std::to_string(i) + ")");
  }
  std::string ask(const std::string& sql) { return cluster().psql("postgres", sql); }
  std::string now() {
    // Between the times of the commits before and after it, which have their microseconds too.
    return ask(
        "select to_char(clock_timestamp() at time zone 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
  }
  void archive_all() { wait_for_archived(switch_segment()); }

  std::filesystem::path target() { return directory() / "recovered"; }
  nlohmann::json recover(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"pitr-restore", "--to", target().string(), "--start"});
    return json(std::move(arguments));
  }
  /// What a recovered server says, on its private socket; it is stopped then.
  std::string rows_of(const nlohmann::json& report) {
    INFO(report.dump(1));
    REQUIRE(report["exit_code"] == 0);
    const std::string socket = report["result"]["socket"];
    auto rows = cluster().ask(socket, "select string_agg(i::text, ',' order by i) from marker");
    stop_recovered();
    return rows;
  }
  /// The recovered copy, which runs and was promoted, takes the old server's place and archives.
  void replace_server() {
    cluster().run_program("pg_ctl", {"-s", "-w", "-D", target().string(), "-m", "fast", "stop"});
    cluster().stop();
    std::filesystem::remove_all(cluster().data_directory());
    std::filesystem::rename(target(), cluster().data_directory());
    cluster().start();
    REQUIRE(run({"wal-setup", "--yes", "studio"}).exit_code == 3);
    cluster().restart();
    REQUIRE(run({"wal-setup"}).exit_code == 0);
  }
  /// Its directory stays.
  void halt_recovered() {
    cluster().run_program("pg_ctl",
                          {"-s", "-w", "-D", target().string(), "-m", "immediate", "stop"});
  }
  void stop_recovered() {
    halt_recovered();
    std::filesystem::remove_all(target());
  }
};

}  // namespace bkp::test
