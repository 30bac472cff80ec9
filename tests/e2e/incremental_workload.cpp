// Chains of incremental backups under a random workload: what is restored of them is, database by
// database, what the server had.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "support/incremental_site.hpp"

using namespace bkp::test;

namespace {

/// Does to a cluster what users do to theirs, by a random generator whose seed is said.
class Workload {
 public:
  Workload(IncrementalSite& site, unsigned seed) : m_site{site}, m_random{seed} {
    m_site.ask("create tablespace space location " +
               sql_literal(m_site.cluster().make_directory("space").string()));
    make_database("first");
    for (int i = 0; i < 4; ++i) create_table("first");
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }

  std::vector<std::string> databases() const { return m_databases; }

 private:
  int below(int limit) { return std::uniform_int_distribution<int>{0, limit - 1}(m_random); }
  const std::string& a_database() {
    return m_databases[static_cast<std::size_t>(below(static_cast<int>(m_databases.size())))];
  }
  std::string a_table(const std::string& database) {
    const auto name = m_site.cluster().psql(
        database,
        "select relname from pg_class where relkind = 'r' and relname ~ '^t[0-9]' "
        "order by relname offset " +
            std::to_string(below(6)) + " limit 1");
    if (!name.empty()) return name;
    return create_table(database);
  }
  void make_database(const std::string& name) {
    const auto* strategy = below(2) == 0 ? "file_copy" : "wal_log";
    m_site.ask("create database " + name + " strategy " + strategy);
    m_databases.push_back(name);
  }
  std::string create_table(const std::string& database) {
    const auto name = "t" + std::to_string(++m_number);
    m_site.cluster().psql(database, "create table " + name +
                                        " (i int, n bigint, text text) with (fillfactor = " +
                                        std::to_string(50 + below(50)) + "); insert into " + name +
                                        " select i, i * 7, repeat(md5(i::text), 1 + i % 20) from "
                                        "generate_series(1, " +
                                        std::to_string(200 + below(3000)) +
                                        ") i;"
                                        "create index on " +
                                        name + " (i)");
    return name;
  }

  void step() {
    const auto database = a_database();
    const auto run = [&](const std::string& sql) { m_site.cluster().psql(database, sql); };
    const auto table = a_table(database);
    const auto some = " where i % " + std::to_string(2 + below(40)) + " = 0";
    switch (below(20)) {
      case 0:
        return run("insert into " + table + " select i, i, md5(i::text) from generate_series(1, " +
                   std::to_string(1 + below(2000)) + ") i");
      case 1:
        return run("update " + table + " set text = md5(random()::text)" + some);
      case 2:  // HOT: no index has it
        return run("update " + table + " set n = n + 1" + some);
      case 3:
        return run("delete from " + table + some);
      case 4:
        return run("vacuum " + table);
      case 5:
        return run("vacuum full " + table);
      case 6:
        return run("truncate " + table);
      case 7:
        create_table(database);
        return;
      case 8:
        return run("drop table " + table);
      case 9:
        return run("alter table " + table + " alter n type " +
                   (below(2) == 0 ? "numeric" : "bigint"));
      case 10:
        return run("create index on " + table + " (n, i)");
      case 11:
        return run("reindex table " + table);
      case 12:
        return run("alter table " + table + " set tablespace " +
                   (below(2) == 0 ? "space" : "pg_default"));
      case 13:
        return run("checkpoint");
      case 14:  // a crash
        m_site.cluster().kill();
        return m_site.cluster().start();
      case 15:
        if (m_databases.size() < 4) make_database("db" + std::to_string(++m_number));
        return;
      case 16:
        if (database == "first") return run("vacuum full pg_class");
        std::erase(m_databases, std::string{database});
        return static_cast<void>(m_site.ask("drop database " + database));
      case 17:
        return run(
            "select lo_from_bytea(0, convert_to(repeat(md5(random()::text), 5000), 'UTF8'))");
      case 18:  // rows that are rolled back, and the place they leave at the end
        return run(
            "begin; insert into " + table +
            " select i, i, repeat('x', 500) from generate_series(1, 500) i; rollback; vacuum " +
            table);
      default:
        // It refuses while a table is there by its own wish.
        m_site.cluster().try_psql("postgres", "alter database " + database + " set tablespace " +
                                                  (below(2) == 0 ? "space" : "pg_default"));
    }
  }

  IncrementalSite& m_site;
  std::mt19937 m_random;
  std::vector<std::string> m_databases;
  int m_number = 0;
};

unsigned seed() {
  const char* given = std::getenv("BKP_TEST_SEED");
  return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
}

}  // namespace

TEST_CASE("a chain under a random workload restores to what the server has") {
  IncrementalSite site;
  const auto number = seed();
  INFO("BKP_TEST_SEED=" << number);
  Workload workload{site, number};
  site.take_full();
  const int backups = 4;
  const auto steps = [&](bool while_backed_up) {
    if (!while_backed_up) return workload.run(12);
    auto backup = site.command({"incr", "--json"}).start();
    workload.run(6);
    const auto outcome = backup.wait();
    CAPTURE(outcome);
    // A crash of the server in between ends the backup; the next one is built on the one before.
    CHECK((outcome.exit_code == 0 || outcome.exit_code == 5));
  };
  for (int i = 0; i < backups; ++i) {
    steps(i % 2 == 1);
    site.take_incremental();
  }
  workload.run(3);
  site.archive_all();
  std::filesystem::create_directory(site.directory() / "space-of-restored");
  site.cluster().give(site.directory() / "space-of-restored");
  const auto space = site.ask(
      "select pg_tablespace_location(oid) from pg_tablespace "
      "where spcname = 'space'");
  const auto report =
      site.recover({"--latest", "--tablespace-map",
                    space + "=" + (site.directory() / "space-of-restored").string()});
  INFO(report.dump(1));
  REQUIRE(report["exit_code"] == 0);
  CHECK(report["result"]["chain"].size() >= backups + 1);
  const std::string socket = report["result"]["socket"];
  for (const auto& database : workload.databases()) {
    INFO(database);
    CHECK(database_digest(site.cluster(), database, socket) ==
          database_digest(site.cluster(), database));
  }
  const auto checked = Program{
      {(site.cluster().bin_directory() / "pg_amcheck").string(), "--all", "--install-missing",
       "--heapallindexed", "-h", socket, "-U",
       "postgres"}}.run();
  CAPTURE(checked);
  CHECK(checked.exit_code == 0);
  site.stop_recovered();
}

TEST_CASE("a relation grows over 1 GiB, into a file more", "[.][soak]") {
  IncrementalSite site;
  const auto add = [&](int megabytes) {
    // Rows that neither compress nor move out of line.
    site.ask(
        "insert into large select string_agg(md5(random()::text || i::text || j::text), '') "
        "from generate_series(1, " +
        std::to_string(megabytes * 128) + ") i, generate_series(1, 250) j group by i");
  };
  site.ask("create table large (text text); alter table large alter text set storage plain");
  add(900);
  site.ask("checkpoint");
  site.take_full();
  add(300);
  site.ask("delete from large where ctid < '(100,0)'");
  const auto first = site.take({"incr"});
  CHECK(first["backup_type"] == "incremental");
  site.ask("update large set text = 'changed' where ctid between '(140000,0)' and '(140020,0)'");
  site.check_incremental_is_full();
  const auto file = site.ask("select pg_relation_filepath('large')");
  REQUIRE(std::filesystem::exists(site.cluster().data_directory() / (file + ".1")));
  site.archive_all();
  CHECK(site.run({"verify", "latest"}).exit_code == 0);
}
