#pragma once

#include <functional>
#include <string>

#include "bench/physical/pgbackrest.hpp"

namespace bkp::bench {

/// A way to archive the WAL of a server and to bring it back.
struct WalTool {
  std::string name;
  std::string push;                      ///< archive_command
  std::string fetch;                     ///< restore_command
  std::function<void()> empty_archive;   ///< as if it had archived nothing
  std::function<void()> forget_fetched;  ///< as if it had fetched nothing ahead
};

WalTool bkp_wal(PhysicalSite& site);
/// `async_push`: whether archive-push takes others along.
WalTool pgbackrest_wal(const PgBackRest& pgbackrest, bool async_push);

}  // namespace bkp::bench
