#include "command/check.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "backup/databases.hpp"
#include "backup/site_file.hpp"
#include "catalog/migrate.hpp"
#include "support/cluster.hpp"
#include "support/nobody_there.hpp"

namespace bkp::command {

using Catch::Contains;

namespace {

// An installation on a throwaway cluster: configuration, store and catalog as `bkp init` leaves
// them.
class Site {
 public:
  Site() {
    m_cluster.create_database("studio");
    m_cluster.psql("studio", "create table segments(id int); insert into segments values (1)");
    m_config.file = m_directory / "bkp.yaml";
    test::write_text(m_config.file, "site: studio\n");
    m_config.site = "studio";
    m_config.cluster.conninfo = m_cluster.conninfo();
    m_config.databases.include = {"studio"};
    m_config.catalog.spool_directory = m_directory / "spool";
    auto& store = m_config.stores.emplace_back();
    store.name = "local";
    store.url = "file://" + (m_directory / "store").string();
    catalog::migrate(run::catalog_conninfo(m_config), m_config.catalog.schema, true, false,
                     m_interrupt);
    auto opened = store::open_store(store.url, store::OpenMode::create);
    auto connection = pg::Connection::open(run::cluster_conninfo(m_config), m_interrupt);
    backup::write_site_file(*opened, backup::Layout{"studio"},
                            {"studio", backup::system_identifier(connection), m_clock.now()});
  }

  cli::Report check(bool dry_run = false) {
    catalog::Recorder recorder{{run::catalog_conninfo(m_config), m_config.catalog.schema,
                                m_config.catalog.spool_directory},
                               m_clock,
                               m_log,
                               m_interrupt};
    run::Context context{m_config, m_clock,    m_processes, m_environment, m_interrupt,
                         m_log,    m_progress, m_terminal,  recorder,      "manual",
                         {},       dry_run,    {}};
    auto report = run(CheckOptions{}, context);
    m_warnings = context.warnings;
    return report;
  }

  config::Config& config() { return m_config; }
  test::Cluster& cluster() { return m_cluster; }
  std::filesystem::path store_directory() const { return m_directory / "store"; }
  const std::vector<std::string>& warnings() const { return m_warnings; }

 private:
  test::Cluster m_cluster;
  test::TemporaryDirectory m_directory;
  config::Config m_config;
  util::SystemClock m_clock;
  util::Interrupt m_interrupt;
  util::Environment m_environment = util::Environment::of_this_process();
  util::SystemProcessRunner m_processes{m_interrupt};
  util::Log m_log;
  run::NoProgress m_progress;
  test::NobodyThere m_terminal;
  std::vector<std::string> m_warnings;
};

std::string message_of(const cli::Report& report, const std::string& check,
                       const std::string& status) {
  for (const auto& finding : report.result["checks"]) {
    if (finding["check"] == check && finding["status"] == status) return finding["message"];
  }
  INFO(report.text);
  FAIL("no finding " << check << " that is " << status);
  return {};
}

std::vector<std::string> files_below(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
    if (entry.is_regular_file()) names.push_back(entry.path().filename());
  }
  return names;
}

}  // namespace

TEST_CASE("a sound installation has warnings at most") {
  Site site;
  const auto report = site.check();
  INFO(report.text);
  CHECK_FALSE(report.error);
  CHECK(report.result["errors"] == 0);
  CHECK(report.result["warnings"] == site.warnings().size());
  CHECK_THAT(message_of(report, "server", "ok"), Contains("PostgreSQL 15"));
  CHECK(message_of(report, "databases", "ok") == "backed up: \"studio\"");
  CHECK_THAT(message_of(report, "rights", "ok"), Contains("superuser"));
  CHECK_THAT(message_of(report, "programs", "ok"), Contains("pg_dump 15"));
  CHECK_THAT(message_of(report, "catalog", "ok"), Contains("schema \"bkp\""));
  CHECK_THAT(message_of(report, "catalog", "warning"), Contains("both are lost at once"));
  CHECK_THAT(message_of(report, "store local", "ok"), Contains("readable and writable"));
  CHECK_THAT(message_of(report, "backups", "warning"), Contains("no good backup"));
  CHECK(files_below(site.store_directory()) == std::vector<std::string>{"site.json"});
}

TEST_CASE("a dry run does not write to the store") {
  Site site;
  const auto before = std::filesystem::last_write_time(site.store_directory() / "studio");
  const auto report = site.check(true);
  CHECK_THAT(message_of(report, "store local", "ok"), Contains("dry run"));
  CHECK(std::filesystem::last_write_time(site.store_directory() / "studio") == before);
}

TEST_CASE("a catalog in the cluster is noticed when it is configured, too") {
  Site site;
  site.config().catalog.conninfo = site.cluster().conninfo("bkp");
  CHECK_THAT(message_of(site.check(), "catalog", "warning"), Contains("both are lost at once"));
}

TEST_CASE("server down") {
  Site site;
  site.cluster().stop();
  const auto report = site.check();
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 5);
  CHECK_THAT(message_of(report, "server", "error"), Contains("cannot connect"));
  CHECK_THAT(message_of(report, "store local", "ok"), Contains("readable and writable"));
}

TEST_CASE("a catalog that is newer than this program, and one without a schema") {
  Site site;
  site.cluster().psql("bkp",
                      "update bkp.schema_migrations set version = 999 where version = "
                      "(select max(version) from bkp.schema_migrations)");
  CHECK_THAT(message_of(site.check(), "catalog", "error"), Contains("newer"));
  site.cluster().psql("bkp", "drop schema bkp cascade");
  const auto report = site.check();
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 5);
  CHECK_THAT(report.error->hint(), Contains("bkp init"));
}

TEST_CASE(
    "a store that is open to others, nearly full, of another cluster, not prepared, missing") {
  Site site;
  const auto site_json = site.store_directory() / "studio/site.json";
  REQUIRE(::chmod(site.store_directory().c_str(), 0755) == 0);
  site.config().stores[0].capacity = 150;
  auto report = site.check();
  CHECK_FALSE(report.error);
  CHECK_THAT(report.text, Contains("chmod 700 " + site.store_directory().string()));
  CHECK_THAT(report.text, Contains("make room"));

  std::filesystem::remove(site_json);
  report = site.check();
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 6);
  CHECK_THAT(report.error->hint(), Contains("bkp init"));

  auto store = store::open_store(site.config().stores[0].url, store::OpenMode::existing);
  backup::write_site_file(*store, backup::Layout{"studio"}, {"studio", "4711", {}});
  CHECK_THAT(message_of(site.check(), "store local", "error"), Contains("4711"));

  std::filesystem::remove_all(site.store_directory());
  report = site.check();
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 6);
  CHECK_FALSE(std::filesystem::exists(site.store_directory()));
  site.config().stores[0].required = false;
  CHECK_FALSE(site.check().error);
}

TEST_CASE("a role that cannot read everything") {
  Site site;
  auto& cluster = site.cluster();
  cluster.psql("studio",
               "create role weak login; revoke all on schema public from public;"
               "create schema own authorization weak; create table own.mine(id int);"
               "alter table own.mine owner to weak; select lo_create(4711);"
               "create extension pg_stat_statements;");
  site.config().cluster.conninfo = "host=" + cluster.socket_directory().string() +
                                   " port=" + std::to_string(cluster.port()) + " user=weak";
  site.config().catalog.conninfo = cluster.conninfo("bkp");
  // What check says is held against what pg_dump does.
  const auto can_dump = [&] {
    const auto program = (cluster.bin_directory() / "pg_dump").string();
    return test::Program{{program, "--dbname=" + site.config().cluster.conninfo + " dbname=studio",
                          "--file=/dev/null"}}
        .run()
        .succeeded();
  };
  CHECK_FALSE(can_dump());
  auto report = site.check();
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 5);
  CHECK_THAT(report.text, Contains("cannot create databases") && Contains("pg_authid"));
  CHECK_THAT(report.text, Contains("cannot dump 1 tables or sequences of database \"studio\", e.g. "
                                   "public.segments"));
  CHECK_THAT(report.text, Contains("cannot dump 1 large objects") && Contains("4711"));

  cluster.psql("studio",
               "grant pg_read_all_data to weak; alter role weak createdb;"
               "grant select on pg_authid to weak;"
               "grant select on large object 4711 to weak;"
               "alter table segments enable row level security;");
  report = site.check();
  CHECK_THAT(report.text,
             Contains("cannot dump 1 tables with row security") && Contains("BYPASSRLS"));
  CHECK_FALSE(can_dump());
  CHECK(report.result["errors"] == 1);

  cluster.psql("studio", "alter role weak bypassrls");
  report = site.check();
  CHECK_FALSE(report.error);
  CHECK(message_of(report, "rights", "ok") ==
        "role \"weak\" can read everything in these databases");
  CHECK(can_dump());
}

TEST_CASE("databases that are not there") {
  Site site;
  site.config().databases.include = {"studio", "gone"};
  auto report = site.check();
  CHECK_FALSE(report.error);
  CHECK_THAT(message_of(report, "databases", "warning"), Contains("\"gone\""));
  site.config().databases.include = {"go*"};
  report = site.check();
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 4);
}

}  // namespace bkp::command
