#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/physical/barman.hpp"
#include "bench/physical/pgbackrest.hpp"

namespace bkp::bench {

/// A way to take a backup of a running cluster.
struct BackupTool {
  std::string name;
  std::string archive_command;  ///< how the server must archive meanwhile
  test::Program full;
  std::function<std::uint64_t()> size;    ///< bytes of the newest backup
  std::function<void()> remove_old = {};  ///< where an older one is in the way
};

BackupTool bkp_full(PhysicalSite& site);
BackupTool pgbackrest_full(const PgBackRest& pgbackrest);
/// Into one directory.
BackupTool pg_basebackup(PhysicalSite& site);
BackupTool barman_full(const Barman& barman);

}  // namespace bkp::bench
