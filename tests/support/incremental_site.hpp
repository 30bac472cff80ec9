#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/bytes.hpp"
#include "support/damage.hpp"
#include "support/pitr_site.hpp"

namespace bkp::test {

/// A site whose cluster is backed up by pages, and nothing changes by itself between two backups.
struct IncrementalSite : PitrSite {
  explicit IncrementalSite(const std::string& yaml = {}, ClusterOptions options = {})
      : PitrSite{yaml, std::move(options)} {
    ask("alter system set autovacuum = off; select pg_reload_conf()");
  }

  nlohmann::json take(std::vector<std::string> arguments) {
    const auto report = json(std::move(arguments));
    INFO(report.dump(1));
    REQUIRE(report["exit_code"] == 0);
    return report["result"]["backups"][0];
  }
  /// Its label; throws unless it is an incremental one.
  std::string take_incremental() {
    const auto backup = take({"incr"});
    INFO(backup.dump(1));
    REQUIRE(backup["backup_type"] == "incremental");
    return backup["label"];
  }
  std::string take_full() { return take({"full", "--method", "base"})["label"]; }

  /// Restores a backup, starts no server, and has pg_verifybackup(1) look at it.
  std::filesystem::path unpack(const std::string& of, std::vector<std::string> arguments = {}) {
    const auto place = directory() / ("unpacked-" + of);
    arguments.insert(arguments.begin(),
                     {"pitr-restore", "--immediate", "--backup", of, "--to", place.string()});
    const bool moved = std::ranges::count(arguments, "--tablespace-map") > 0;
    must(std::move(arguments));
    // What recovery needs is written after the restore.
    std::vector<std::string> verify{(cluster().bin_directory() / "pg_verifybackup").string(),
                                    "--no-parse-wal", "--ignore=postgresql.auto.conf",
                                    "--ignore=recovery.signal", place.string()};
    if (moved) verify.emplace_back("--ignore=tablespace_map");
    const auto verified = Program{std::move(verify)}.run();
    CAPTURE(of, verified);
    CHECK(verified.exit_code == 0);
    return place;
  }

  /// The files of relations and what belongs to them, by path below the data directory.
  static std::map<std::string, std::string> relation_files(const std::filesystem::path& data) {
    std::map<std::string, std::string> files;
    for (const auto* top : {"base", "global", "pg_tblspc"}) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator{
               data / top, std::filesystem::directory_options::follow_directory_symlink}) {
        const auto name = entry.path().filename().string();
        if (entry.is_regular_file() && name != "pg_control" && name != "pg_internal.init")
          files[entry.path().lexically_relative(data).string()] = read_text(entry.path());
      }
    }
    return files;
  }

  /// That a backup by pages, taken now, has the same files as a full one taken right after it, but
  /// for the catalog's, which hears of the first.
  void check_incremental_is_full() {
    ask("checkpoint");
    const auto incremental = take_incremental();
    const auto full = take_full();
    const auto by_pages = relation_files(unpack(incremental));
    const auto whole = relation_files(unpack(full));
    const auto of_catalog =
        "base/" + ask("select oid from pg_database where datname = 'bkp'") + "/";
    std::vector<std::string> different;
    for (const auto& [path, text] : whole) {
      const auto found = by_pages.find(path);
      const bool same = found != by_pages.end() && found->second == text;
      if (!same && !path.starts_with(of_catalog)) different.push_back(path);
    }
    for (const auto& [path, text] : by_pages) {
      if (!whole.contains(path)) different.push_back(path);
    }
    CHECK(different == std::vector<std::string>{});
  }
};

}  // namespace bkp::test
