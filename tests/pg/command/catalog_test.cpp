#include "command/catalog.hpp"

#include <catch2/catch.hpp>

#include "backup/repository.hpp"
#include "command/full.hpp"
#include "command/init.hpp"
#include "command_bench.hpp"
#include "support/open_store.hpp"
#include "util/error.hpp"

using namespace bkp;
using command::CatalogOptions;
using test::CommandBench;

namespace {

const CatalogOptions rebuild_local{"rebuild", "local"};

/// A bench with one real backup on both stores; its label.
std::string take_backup(CommandBench& bench) {
  bench.run(command::InitOptions{});
  const auto full = bench.run(command::FullOptions{});
  REQUIRE_FALSE(full.error);
  return full.result.at("backups").at(0).at("label");
}

void mark(CommandBench& bench, const std::string& label, const std::string& kind,
          const nlohmann::json& details) {
  const auto store = test::open_store("file://" + bench.store_directory("local").string(),
                                      store::OpenMode::existing);
  backup::write_mark(*store, backup::Layout{"studio"}, label, kind,
                     util::parse_time("2026-11-22T02:00:00Z"), details);
}

}  // namespace

TEST_CASE("a lost catalog comes back from a store") {
  CommandBench bench;
  const auto label = take_backup(bench);
  const auto row =
      "select label, backup_type, method, database_name, destination, file_path, size_bytes, "
      "original_bytes, checksum_md5, checksum_sha256, date_trunc('second', started_at), "
      "triggered_by, s.name from backups b join job_statuses s on s.id = status_id";
  const auto before = bench.catalog_sql(row);
  mark(bench, label, "verified", {{"level", "restore"}});
  bench.cluster().psql("postgres", "drop database bkp with (force)");

  CHECK_THROWS_WITH(bench.run(rebuild_local), Catch::Contains("\"bkp\""));
  bench.run(command::InitOptions{});
  CHECK(bench.catalog_sql("select count(*) from backups") == "0");
  const auto report = bench.run(rebuild_local);
  CHECK_FALSE(report.error);
  CHECK(report.result["labels"] == nlohmann::json{label});
  CHECK_THAT(report.text, Catch::Contains("1 new, 0 known already"));
  CHECK(bench.run(rebuild_local).result["known"] == 1);
  CHECK(bench.catalog_sql(row) == before);
  CHECK(bench.catalog_sql("select verified, verified_at at time zone 'UTC' from backups") ==
        "t|2026-11-22 02:00:00");
  CHECK(bench.catalog_sql("select string_agg(store || ' ' || state, ', ') from backup_copies") ==
        "local completed");

  SECTION("the next store adds its copies to the same rows") {
    CHECK_FALSE(bench.run(CatalogOptions{"rebuild", "second"}).error);
    CHECK(bench.catalog_sql("select count(*) from backups") == "1");
    CHECK(bench.catalog_sql("select count(*) from backup_copies") == "2");
  }
}

TEST_CASE("a hold without end is still one after a rebuild") {
  CommandBench bench;
  const auto label = take_backup(bench);
  mark(bench, label, "held", {{"reason", "audit"}, {"until", nullptr}});
  bench.run(rebuild_local);
  CHECK(bench.catalog_sql("select held_until > now(), hold_reason from backups") == "t|audit");
}

TEST_CASE("a damaged manifest is reported, the others are entered") {
  CommandBench bench;
  const auto label = take_backup(bench);
  const auto twin = bench.store_directory("local") / "studio/backups/20200101T000000Z-full-studio";
  std::filesystem::create_directory(twin);
  test::write_text(twin / "manifest.json", "{}");
  const auto report = bench.run(rebuild_local);
  REQUIRE(report.error);
  CHECK(report.error->exit_code() == 8);
  CHECK(report.result["labels"] == nlohmann::json{label});
  CHECK(report.result["problems"].size() == 1);
  CHECK(bench.warnings().size() == 1);
}

TEST_CASE("a dry rebuild enters nothing, and what is no rebuild has no store") {
  CommandBench bench;
  const auto label = take_backup(bench);
  bench.catalog_sql("delete from backup_copies; delete from backups");
  const auto report = bench.run(rebuild_local, true);
  CHECK(report.result["labels"] == nlohmann::json{label});
  CHECK_THAT(report.text, Catch::Contains("would enter 1 backup"));
  CHECK(bench.catalog_sql("select count(*) from backups") == "0");

  const auto exit_code = [&](const CatalogOptions& options) {
    try {
      bench.run(options);
      return 0;
    } catch (const util::Error& error) {
      return error.exit_code();
    }
  };
  CHECK(exit_code({"rebuild", ""}) == 2);
  CHECK(exit_code({"export", "local"}) == 2);
  CHECK(exit_code({"rebuild", "elsewhere"}) == 10);
  std::filesystem::remove(bench.store_directory("local") / "studio/site.json");
  CHECK(exit_code({"rebuild", "local"}) == 6);
}

TEST_CASE("migrate brings an old schema up to date and is noted there") {
  CommandBench bench;
  bench.run(command::InitOptions{});
  bench.catalog_sql("drop view backup_logs; delete from schema_migrations where version = 4");
  const auto planned = bench.run(CatalogOptions{"migrate", ""}, true);
  CHECK_THAT(planned.text, Catch::Contains("would bring"));
  const auto done = bench.run(CatalogOptions{"migrate", ""});
  CHECK(done.result["applied"] == nlohmann::json{"004_backup_logs.sql"});
  CHECK(bench.catalog_sql("select string_agg(command || ' ' || status, ', ' order by id) "
                          "from runs") == "init completed, catalog completed");
}

TEST_CASE("an export holds backups with copies, verifications and runs") {
  CommandBench bench;
  const auto label = take_backup(bench);
  bench.catalog_sql(
      "insert into verifications (backup_label, level, success, started_at, "
      "finished_at) values ('" +
      label + "', 'restore', true, now(), now())");
  const auto report = bench.run(CatalogOptions{"export", ""});
  CHECK(nlohmann::json::parse(report.text) == report.result);
  CHECK(report.result["backups"].at(0)["label"] == label);
  CHECK(report.result["backups"].at(0)["copies"].size() == 2);
  CHECK(report.result["verifications"].at(0)["success"] == true);
  CHECK(report.result["runs"].size() == 3);
  CHECK(report.result["site"] == "studio");
}
