#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/archiving_site.hpp"

namespace bkp::bench {

/// What has the last name in a directory: the newest where names begin with the time.
std::filesystem::path last_in(const std::filesystem::path& directory);

/// A site whose cluster is worth a backup of its files: page checksums, segments of WAL of 16 MiB,
/// a database of pgbench. Everything is the server's user's, and runs as that user.
class PhysicalSite : public test::ArchivingSite {
 public:
  /// `scale` of pgbench, 15 MiB each.
  explicit PhysicalSite(int scale);

  /// A program as the server starts its own: in the data directory, as its user. It finds the
  /// server, and in its PATH the server's programs.
  test::Program program(std::vector<std::string> argv);
  /// Where one of the server's programs is. By their names alone Debian's wrapper would be found.
  std::string path_of(std::string_view name) { return cluster().bin_directory() / name; }
  test::Program shell(const std::string& script) { return program({"bash", "-c", script}); }
  /// bkp with time enough.
  test::Program timed(std::vector<std::string> arguments) const;

  /// pgbench with two clients.
  test::Program pgbench(int seconds);
  /// Lets the server archive with this command, and waits until it has.
  void archive_with(const std::string& command);
  /// Lets the server keep what it would archive.
  void hold_archiving() { set_archive_command(""); }
  /// Leaves the server nothing to write and nothing to archive.
  void settle();

  /// Takes a backup of the cluster; its label.
  std::string take(std::vector<std::string> arguments) const;
  std::filesystem::path newest_backup() const { return last_in(store() / "studio/backups"); }
  /// Of all databases.
  std::uint64_t database_bytes();
};

}  // namespace bkp::bench
