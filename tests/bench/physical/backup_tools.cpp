#include "bench/physical/backup_tools.hpp"

#include "bench/support/disk_size.hpp"

namespace bkp::bench {

BackupTool bkp_full(PhysicalSite& site) {
  return {"bkp full --method base", site.archive_command(),
          site.timed({"full", "--method", "base", "-q"}),
          [&site] { return size_below(site.newest_backup()); }};
}

BackupTool pgbackrest_full(const PgBackRest& pgbackrest) {
  return {"pgbackrest backup", pgbackrest.archive_push(), pgbackrest.backup("full"),
          [&pgbackrest] { return size_below(pgbackrest.newest_backup()); }};
}

BackupTool pg_basebackup(PhysicalSite& site) {
  const auto archive = site.cluster().make_directory("archive");
  const auto out = site.cluster().make_directory("pg_basebackup") / "out";
  return {"pg_basebackup -Ft, zstd", "cp %p " + archive.string() + "/%f",
          site.program({site.path_of("pg_basebackup"), "-D", out, "-Ft",
                        "--compress=client-zstd:level=3,workers=2", "-c", "fast", "-Xnone"}),
          [out] { return size_below(out); }, [out] { std::filesystem::remove_all(out); }};
}

BackupTool barman_full(const Barman& barman) {
  return {"barman backup", barman.archive_command(), barman.backup(),
          [&barman] { return size_below(barman.newest_backup()); }};
}

}  // namespace bkp::bench
