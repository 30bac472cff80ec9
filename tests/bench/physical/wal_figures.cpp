#include "bench/physical/wal_figures.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "bench/physical/wal_backlog.hpp"
#include "bench/physical/wal_tool.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "support/replaced.hpp"

namespace bkp::bench {

namespace {

constexpr std::size_t segments = 40;
/// Where recovery asks for a segment to be put.
constexpr auto destination = "RECOVERYXLOG";

class WalBench {
 public:
  WalBench(PhysicalSite& site, const PgBackRest& pgbackrest, int runs)
      : m_site{site}, m_pgbackrest{pgbackrest}, m_runs{runs}, m_backlog{site, segments} {}

  /// As each is full, which is how a server goes that keeps up.
  void push_one_by_one() {
    print_title(fmt::format("{} segments of WAL archived one by one", segments));
    const auto contender = [this](const WalTool& tool) -> Contender {
      return {tool.name + ", one at a time", each(tool.push, "pg_wal/%f"), [this, tool] {
                m_backlog.make_archived();
                tool.empty_archive();
              }};
    };
    conclude("archive one by one",
             {contender(pgbackrest_wal(m_pgbackrest, false)), contender(bkp_wal(m_site))}, 0.7);
  }

  void drain_backlog() {
    print_title(fmt::format("{} segments of WAL that waited, archived by the server", segments));
    const auto contender = [this](const WalTool& tool) -> Contender {
      return {tool.name + ", several at a time", [this, tool] { m_backlog.drain(tool.push); },
              [this, tool] {
                m_backlog.make_wait();
                tool.empty_archive();
              }};
    };
    conclude("archive a backlog",
             {contender(pgbackrest_wal(m_pgbackrest, true)), contender(bkp_wal(m_site))}, 0.8);
  }

  void fetch() {
    print_title(fmt::format("{} segments of WAL fetched in order", segments));
    const auto contender = [this](const WalTool& tool) -> Contender {
      m_backlog.make_wait();
      tool.empty_archive();
      m_backlog.drain(tool.push);
      return {tool.name + ", with read-ahead",
              each(tool.fetch, fmt::format("pg_wal/{}", destination)),
              {},
              [this, tool] {
                require_last();
                tool.forget_fetched();
              }};
    };
    conclude("fetch", {contender(pgbackrest_wal(m_pgbackrest, true)), contender(bkp_wal(m_site))},
             1.0);
  }

 private:
  /// The command for each segment in order, as the server starts it: by a shell of its own, in its
  /// data directory.
  test::Program each(const std::string& command, const std::string& path) {
    std::string script = "set -e\n";
    for (const auto& name : m_backlog.names()) {
      auto filled = test::replaced(command, "%p", path);
      filled = test::replaced(filled, "%f", name);
      script += "sh -c '" + filled + "'\n";
    }
    return m_site.shell(script);
  }

  void require_last() {
    const auto fetched = m_site.pg_wal(destination);
    if (test::read_text(fetched) != test::read_text(m_site.pg_wal(m_backlog.names().back())))
      throw std::runtime_error{"another segment came back"};
    std::filesystem::remove(fetched);
  }

  /// The first is pgBackRest, the second bkp.
  void conclude(std::string_view what, const std::vector<Contender>& contenders, double most) {
    const auto figures = measure(contenders, m_runs);
    print_table({{figures[0], 0, m_backlog.bytes()}, {figures[1], 0, m_backlog.bytes()}});
    print_goal(fmt::format("time of bkp to {} / pgbackrest", what),
               figures[1].wall_seconds / figures[0].wall_seconds, most);
  }

  PhysicalSite& m_site;
  const PgBackRest& m_pgbackrest;
  int m_runs;
  WalBacklog m_backlog;
};

}  // namespace

void wal_figures(const Bench& bench, PhysicalSite& site, const PgBackRest& pgbackrest) {
  if (!bench.wants("wal")) return;
  WalBench wal{site, pgbackrest, bench.runs()};
  wal.push_one_by_one();
  wal.drain_backlog();
  wal.fetch();
}

}  // namespace bkp::bench
