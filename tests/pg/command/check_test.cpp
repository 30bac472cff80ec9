#include "command/check.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "backup/site_file.hpp"
#include "command/init.hpp"
#include "command_bench.hpp"
#include "support/open_store.hpp"

namespace bkp::command {

using Catch::Contains;

namespace {

// An installation as `bkp init` leaves it.
class Site : public test::CommandBench {
 public:
  Site() { run(InitOptions{}); }
  cli::Report check(bool dry_run = false) { return run(CheckOptions{}, dry_run); }
  std::filesystem::path store_directory() const {
    return test::CommandBench::store_directory("local");
  }
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

TEST_CASE(
    "what a check left that was killed goes with the next, but not what one may be doing now") {
  Site site;
  const auto backups = site.store_directory() / "studio/backups";
  const auto old = backups / "check-0123456789abcdef";
  const auto young = backups / "check-fedcba9876543210";
  for (const auto& probe : {old, young}) {
    std::filesystem::create_directories(probe);
    test::write_text(probe / "x", "probe");
  }
  std::filesystem::last_write_time(
      old / "x", std::filesystem::file_time_type::clock::now() - std::chrono::hours{2});
  site.check(true);
  CHECK(std::filesystem::exists(old));
  site.check();
  CHECK_FALSE(std::filesystem::exists(old));
  CHECK(std::filesystem::exists(young / "x"));
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

  auto store = test::open_store(site.config().stores[0].url, store::OpenMode::existing);
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
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 4);
  CHECK_THAT(message_of(report, "databases", "error"), Contains("\"gone\""));
  site.config().databases.include = {"go*"};
  report = site.check();
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 4);
}

}  // namespace bkp::command
