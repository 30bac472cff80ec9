#pragma once

#include <filesystem>
#include <string>

#include "bench/physical/physical_site.hpp"

namespace bkp::bench {

/// barman with backups of its own of the site's cluster, which it takes with pg_basebackup.
class Barman {
 public:
  explicit Barman(PhysicalSite& site);

  std::string version() const;
  /// The server archives into the directory that barman takes it from.
  std::string archive_command() const;
  test::Program backup() const { return run({"backup", "--immediate-checkpoint", "studio"}); }
  std::filesystem::path newest_backup() const { return last_in(m_directory / "studio/base"); }

 private:
  test::Program run(std::vector<std::string> arguments) const;

  PhysicalSite& m_site;
  std::filesystem::path m_directory;
};

}  // namespace bkp::bench
