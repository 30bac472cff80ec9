#include "bench/physical/wal_tool.hpp"

#include "bench/physical/background.hpp"

namespace bkp::bench {

WalTool bkp_wal(PhysicalSite& site) {
  const auto notes = site.directory() / "state/wal/studio";
  return {"bkp", site.archive_command(),
          test::InstalledBkp::program().string() + " wal-fetch --config " +
              site.config_file().string() + " %f %p",
          [&site, notes] {
            std::filesystem::remove_all(notes);
            std::filesystem::remove_all(site.store() / "studio/wal");
          },
          [notes] {
            wait_until_unlocked(notes / "fetch.lock");
            std::filesystem::remove_all(notes / "fetched");
          }};
}

WalTool pgbackrest_wal(const PgBackRest& pgbackrest, bool async_push) {
  return {"pgbackrest", pgbackrest.archive_push(async_push), pgbackrest.archive_get(),
          [&pgbackrest] { pgbackrest.empty_archive(); },
          [&pgbackrest] { pgbackrest.forget_fetched(); }};
}

}  // namespace bkp::bench
