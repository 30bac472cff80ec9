#include "bench/dump/catalog_figures.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "support/site.hpp"

namespace bkp::bench {

namespace {

constexpr int backup_count = 100'000;

/// As many backups as ten databases have after a year of one each hour, in the store and in the
/// catalog. One real backup is copied under other labels, hour by hour into the past.
void fill(test::Site& site) {
  site.cluster().create_database("small");
  site.must({"init"});
  site.must({"full", "--db", "small"});
  const auto shown = site.json({"show", "latest"});
  const std::string label = shown["result"]["backup"]["label"];
  const auto backups = site.store() / "studio/backups";
  const auto manifest = nlohmann::json::parse(test::read_text(backups / label / "manifest.json"));
  site.cluster().psql("bkp", fmt::format(R"sql(
set search_path = bkp;
create temporary table copied as
  select *, to_char(at at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') || '-full-db' || n as label_of
  from (select i % 10 as n, date_trunc('second', now()) - i / 10 * interval '1 hour' - i % 10 * interval '1 second' as at
        from generate_series(1, {0}) i) times;
insert into backups (label, backup_type, method, database_name, destination, file_path, size_bytes, original_bytes,
                     checksum_md5, checksum_sha256, status_id, started_at, completed_at, triggered_by, verified)
  select label_of, backup_type, method, 'db' || n, destination, 'studio/backups/' || label_of || '/manifest.json', size_bytes,
         original_bytes, checksum_md5, checksum_sha256, status_id, at, at + interval '1 second', triggered_by, false
  from copied, backups where label = '{1}';
insert into backup_copies (backup_id, store, url, state, size_bytes, checksum_sha256, completed_at)
  select b.id, c.store, c.url, c.state, c.size_bytes, c.checksum_sha256, b.completed_at
  from backups b, backup_copies c where c.backup_id = (select id from backups where label = '{1}') and b.label <> '{1}';
analyze;
)sql",
                                         backup_count, label));
  std::istringstream lines{site.cluster().psql("bkp",
                                               "select label, database_name, to_char(started_at at "
                                               "time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
                                               "from bkp.backups where database_name <> 'small'")};
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find('|');
    const auto second = line.find('|', first + 1);
    auto copy = manifest;
    copy["label"] = line.substr(0, first);
    copy["database"]["name"] = line.substr(first + 1, second - first - 1);
    copy["started_at"] = copy["completed_at"] = line.substr(second + 1);
    const auto directory = backups / line.substr(0, first);
    std::filesystem::create_directory(directory);
    test::write_text(directory / "dump.pgc.zst", "a dump");
    test::write_text(directory / "manifest.json", copy.dump());
  }
}

/// A server that only notes when somebody knocks.
class Door {
 public:
  explicit Door(const std::filesystem::path& directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory / ".s.PGSQL.5432";
    if (path.size() >= sizeof address.sun_path) {
      throw std::runtime_error{"too long for a socket, use a shorter TMPDIR: " + path};
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    m_socket = util::Fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::bind(m_socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(m_socket.get(), 8) != 0) {
      throw std::runtime_error{"cannot listen on " + path};
    }
  }
  /// Throws when `guest` ends, or half a minute passes, without one.
  void wait_for_knock(test::RunningProgram& guest) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    pollfd watched{m_socket.get(), POLLIN, 0};
    while (::poll(&watched, 1, 100) <= 0) {
      if (!guest.running()) throw std::runtime_error{"no knock: " + guest.wait().describe()};
      if (std::chrono::steady_clock::now() > deadline) {
        throw std::runtime_error{"no knock for half a minute: " + guest.err_so_far()};
      }
    }
  }

 private:
  util::Fd m_socket;
};

double seconds_to_first_knock(const std::string& command, std::vector<std::string> arguments) {
  const test::TemporaryDirectory directory;
  const Door door{directory.path()};
  const auto config = directory / "bkp.yaml";
  std::filesystem::create_directory(directory / "store");
  test::write_text(config, fmt::format("site: studio\n"
                                       "cluster: {{conninfo: \"host={0} user=x\"}}\n"
                                       "stores: [{{name: local, url: \"file://{0}/store\"}}]\n"
                                       "catalog: {{spool_directory: \"{0}/spool\"}}\n",
                                       directory.path().string()));
  std::filesystem::permissions(config, std::filesystem::perms::owner_read);
  test::InstalledBkp bkp;
  bkp.with_config(config);
  arguments.insert(arguments.begin(), command);
  const auto begin = std::chrono::steady_clock::now();
  auto program = bkp.command(std::move(arguments)).start();
  door.wait_for_knock(program);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  program.signal_group(SIGKILL);
  program.wait();
  return taken.count();
}

void start_figures(int runs) {
  print_title("from the start of a command to its first call on a server");
  const std::vector<std::vector<std::string>> commands{{"list"},
                                                       {"full"},
                                                       {"verify"},
                                                       {"prune", "--dry-run"},
                                                       {"restore", "latest", "--db", "x"},
                                                       {"show", "latest"},
                                                       {"check"},
                                                       {"runbook"}};
  for (auto command : commands) {
    const std::string name = command.front();
    command.erase(command.begin());
    std::vector<double> taken;
    for (int run = 0; run < runs * 5; ++run) taken.push_back(seconds_to_first_knock(name, command));
    print_goal(fmt::format("bkp {}", name), median(std::move(taken)) * 1000, 15, " ms");
  }
}

}  // namespace

void catalog_figures(int runs) {
  {
    test::Site site;
    print_title(fmt::format("{} backups in catalog and store", backup_count));
    fill(site);
    const auto figures =
        measure({{"bkp list", site.bkp().command({"list"})},
                 {"bkp list --json", site.bkp().command({"list", "--json"})},
                 {"bkp show latest", site.bkp().command({"show", "latest"})},
                 {"bkp prune --dry-run", site.bkp().command({"prune", "--dry-run"})}},
                runs);
    std::vector<Row> rows;
    for (const auto& one : figures) rows.push_back({one});
    print_table(rows);
    print_goal("bkp list", figures[0].wall_seconds, 1, " s");
    print_goal("bkp prune --dry-run", figures[3].wall_seconds, 1, " s");
  }
  start_figures(runs);
}

}  // namespace bkp::bench
