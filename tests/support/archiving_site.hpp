#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/site.hpp"
#include "support/wait_until.hpp"

namespace bkp::test {

/// A site whose server archives its WAL with the installed wal-push, as an administrator would set
/// it up: everything is the server's user's. Segments are of 1 MiB.
class ArchivingSite : public Site {
 public:
  explicit ArchivingSite(const std::string& yaml = {}, ClusterOptions options = {})
      : Site{yaml, archiving(std::move(options)), Owner::server} {}

  /// `bkp COMMAND --config …`, as the server starts it.
  std::string archive_command(const std::string& command = "wal-push") const {
    return InstalledBkp::program().string() + " " + command + " --config " +
           config_file().string() + " %p";
  }
  /// From now on the server archives with it.
  void start_archiving(const std::string& command = "wal-push") {
    set_archive_command(archive_command(command));
  }
  void set_archive_command(const std::string& command) {
    cluster().psql("postgres", "alter system set archive_command = " + sql_literal(command) +
                                   ";\nselect pg_reload_conf()");
  }

  /// Ends the segment that is being written and returns its name.
  std::string switch_segment() {
    // Without a record there is nothing to end.
    return cluster().psql("postgres",
                          "select pg_logical_emit_message(false, 'bkp', 'test') \\g /dev/null\n"
                          "select pg_walfile_name(pg_switch_wal())");
  }
  /// Writes about so many segments, and ends the last.
  std::string write_segments(int count) {
    cluster().psql("postgres",
                   "select count(pg_logical_emit_message(false, 'bkp', repeat(md5(i::text), 1000)))"
                   " from generate_series(1, " +
                       std::to_string(count * 32) + ") i");
    return switch_segment();
  }
  bool is_archived(const std::string& name) {
    return cluster().psql("postgres", "select coalesce(last_archived_wal, '') >= " +
                                          sql_literal(name) + " from pg_stat_archiver") == "t";
  }
  void wait_for_archived(const std::string& name,
                         std::chrono::milliseconds timeout = std::chrono::minutes{1}) {
    if (wait_until([&] { return is_archived(name); }, timeout)) return;
    throw std::runtime_error{name + " was not archived:\n" + cluster().log_text()};
  }

  /// The files that wait to be archived, by name.
  static std::vector<std::string> waiting_in(const std::filesystem::path& data) {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator{data / "pg_wal" / "archive_status"}) {
      if (entry.path().extension() == ".ready") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::filesystem::path pg_wal(const std::string& name) {
    return cluster().data_directory() / "pg_wal" / name;
  }
  /// Where a segment stands in a store.
  static std::filesystem::path in_store(const std::filesystem::path& store, const std::string& name,
                                        const std::string& suffix = ".zst") {
    return store / "studio/wal" / name.substr(0, 8) / name.substr(8, 8) / (name + suffix);
  }
  /// As if everything had been archived an hour ago: a gap is not waited for then.
  void age_archive() {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator{store() / "studio/wal"}) {
      if (!entry.is_regular_file()) continue;
      std::filesystem::last_write_time(
          entry.path(), std::filesystem::file_time_type::clock::now() - std::chrono::hours{1});
    }
  }
  std::filesystem::path archived(const std::string& name, const std::string& suffix = ".zst") {
    return in_store(store(), name, suffix);
  }

 private:
  static ClusterOptions archiving(ClusterOptions options) {
    options.settings.emplace_back("archive_mode", "on");
    options.settings.emplace_back("archive_command", "");
    return options;
  }
};

/// Where fetch() puts it.
inline std::filesystem::path fetched(const Site& site) {
  return site.directory() / "fetched";
}

/// `bkp wal-fetch`.
inline Outcome fetch(const Site& site, const std::string& name) {
  return site.run({"wal-fetch", name, fetched(site).string()});
}

}  // namespace bkp::test
