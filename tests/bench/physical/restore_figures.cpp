#include "bench/physical/restore_figures.hpp"

#include <fmt/format.h>

#include "bench/physical/floor.hpp"
#include "bench/support/disk_size.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "util/units.hpp"

namespace bkp::bench {

namespace {

/// What is promised is promised of so large a cluster.
constexpr std::uint64_t promised_bytes = std::uint64_t{8} << 30U;
constexpr double promised_seconds = 15 * 60;

/// The same cluster twice, by bkp and by pgBackRest.
struct Labels {
  std::string bkp;
  std::string pgbackrest;
};

class RestoreBench {
 public:
  RestoreBench(PhysicalSite& site, const PgBackRest& pgbackrest, int runs)
      : m_site{site}, m_pgbackrest{pgbackrest}, m_runs{runs} {}

  void from_full() {
    const auto labels = take({"full", "--method", "base"}, "full");
    test::output_of(m_floor.pack());
    print_title("restore of a full backup");
    const auto rows =
        measure_sizes({contender("zstd -d | tar -x, sync (the floor)", m_floor.unpack(m_target)),
                       disk(), bkp(labels), pgbackrest(labels)});
    conclude("a full backup", rows[2], rows[3]);
  }

  void from_chain() {
    test::output_of(m_site.pgbench(10));
    const auto labels = take({"incr"}, "incr");
    print_title("restore of an incremental backup, after 10 s of pgbench, and the full one");
    const auto rows = measure_sizes({disk(), bkp(labels), pgbackrest(labels)});
    conclude("a chain", rows[1], rows[2]);
  }

 private:
  Labels take(std::vector<std::string> arguments, const std::string& type) {
    Labels labels;
    m_site.archive_with(m_site.archive_command());
    labels.bkp = m_site.take(std::move(arguments));
    m_site.archive_with(m_pgbackrest.archive_push());
    test::output_of(m_pgbackrest.backup(type));
    labels.pgbackrest = m_pgbackrest.newest_label();
    return labels;
  }

  Contender contender(std::string name, test::Program restore) {
    const auto make = [this] { m_site.cluster().make_directory(m_target.filename().string()); };
    const auto remove = [this] {
      m_sizes.push_back(size_below(m_target));
      set_aside();
    };
    return {std::move(name), std::move(restore), make, remove};
  }

  /// What was restored, without its bytes. It is not removed: ext4 goes through the files that were
  /// removed in the last minutes whenever it makes one (recently_deleted in its ialloc.c), for a
  /// second or two in all, and nobody restores to where a cluster has just been removed.
  void set_aside() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{m_target}) {
      if (entry.is_regular_file()) std::filesystem::resize_file(entry.path(), 0);
    }
    auto aside = m_target;
    std::filesystem::rename(m_target, aside += fmt::format(".{}", m_sizes.size()));
  }

  Contender disk() { return contender("cp -r, sync (the disk)", m_floor.copy(m_target)); }
  Contender bkp(const Labels& labels) {
    return contender("bkp pitr-restore --immediate",
                     m_site.timed({"pitr-restore", "--immediate", "--backup", labels.bkp, "--to",
                                   m_target.string(), "-q"}));
  }
  Contender pgbackrest(const Labels& labels) {
    return contender("pgbackrest restore", m_pgbackrest.restore(labels.pgbackrest, m_target));
  }

  /// With what each contender left in the end.
  std::vector<Row> measure_sizes(const std::vector<Contender>& contenders) {
    const auto figures = measure(contenders, m_runs);
    std::vector<Row> rows;
    for (std::size_t i = 0; i < figures.size(); ++i)
      rows.push_back({figures[i], m_sizes[m_sizes.size() - figures.size() + i]});
    print_table(rows);
    return rows;
  }

  static void conclude(const std::string& what, const Row& bkp, const Row& peer) {
    print_goal(fmt::format("time to restore {} / {}", what, peer.figures.name),
               bkp.figures.wall_seconds / peer.figures.wall_seconds, 0.8);
    if (bkp.size >= promised_bytes) {
      print_goal(fmt::format("time to restore {} of {}", what, util::format_size(bkp.size)),
                 bkp.figures.wall_seconds, promised_seconds, " s");
    }
  }

  PhysicalSite& m_site;
  const PgBackRest& m_pgbackrest;
  int m_runs;
  Floor m_floor{m_site};
  std::filesystem::path m_target = m_site.cluster().socket_directory() / "restored";
  std::vector<std::uint64_t> m_sizes;  ///< of all that was restored, in turn
};

}  // namespace

void restore_figures(const Bench& bench, PhysicalSite& site, const PgBackRest& pgbackrest) {
  if (!bench.wants("restore")) return;
  RestoreBench restores{site, pgbackrest, bench.runs()};
  restores.from_full();
  restores.from_chain();
}

}  // namespace bkp::bench
