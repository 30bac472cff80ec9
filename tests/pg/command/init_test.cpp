#include "command/init.hpp"

#include <catch2/catch.hpp>

#include "backup/site_file.hpp"
#include "command_bench.hpp"
#include "support/open_store.hpp"

using namespace bkp;
using command::InitOptions;
using test::CommandBench;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> store_states(const cli::Report& report) {
  std::vector<std::string> states;
  for (const auto& store : report.result.at("stores")) states.push_back(store.at("state"));
  return states;
}

backup::SiteFile site_file(const CommandBench& bench, const std::string& store) {
  const auto opened = test::open_store("file://" + bench.store_directory(store).string(),
                                       store::OpenMode::existing);
  return backup::read_site_file(*opened, backup::Layout{"studio"}).value();
}

using States = std::vector<std::string>;

}  // namespace

TEST_CASE("init makes catalog, spool and stores, and is noted in the catalog it made") {
  CommandBench bench;
  const auto report = bench.run(InitOptions{});
  REQUIRE_FALSE(report.error);
  CHECK(report.result["catalog"]["database_created"] == true);
  CHECK(store_states(report) == States{"created", "created"});
  CHECK(fs::is_directory(bench.config().catalog.spool_directory));
  const auto site = site_file(bench, "second");
  CHECK(site.site == "studio");
  CHECK(site.system_identifier ==
        bench.cluster().psql("postgres", "select system_identifier from pg_control_system()"));
  CHECK(bench.catalog_sql("select command, status from runs") == "init|completed");
  CHECK_THAT(report.text, Catch::Contains("next: bkp check"));
  CHECK(report.result["check"]["errors"] == 0);

  SECTION("again, it changes nothing") {
    const auto again = bench.run(InitOptions{});
    CHECK_FALSE(again.error);
    CHECK(store_states(again) == States{"unchanged", "unchanged"});
    CHECK(again.result["catalog"]["applied"].empty());
    CHECK(site_file(bench, "second").created_at == site.created_at);
  }
  SECTION("a store that is new in the configuration is made, the others stay") {
    bench.add_store("third");
    CHECK(store_states(bench.run(InitOptions{})) == States{"unchanged", "unchanged", "created"});
  }
}

TEST_CASE("init --dry-run says what it would make and makes nothing") {
  CommandBench bench;
  const auto report = bench.run(InitOptions{}, true);
  CHECK_FALSE(report.error);
  CHECK(store_states(report) == States{"would_create", "would_create"});
  CHECK_THAT(report.text, Catch::Contains("would create the database") &&
                              Catch::Contains("nothing was changed"));
  CHECK_FALSE(bench.cluster().has_database("bkp"));
  CHECK_FALSE(fs::exists(bench.store_directory("local")));
  CHECK_FALSE(fs::exists(bench.config().catalog.spool_directory));
}

TEST_CASE("a store of another cluster is refused and left as it is, the other one is made") {
  CommandBench bench;
  const auto url = "file://" + bench.store_directory("local").string();
  backup::write_site_file(*test::open_store(url, store::OpenMode::create), backup::Layout{"studio"},
                          {"studio", "7000000000000000001", util::Time{}});
  for (const bool dry_run : {true, false}) {
    const auto report = bench.run(InitOptions{}, dry_run);
    REQUIRE(report.error);
    CHECK(report.error->exit_code() == 11);
    CHECK_THAT(report.error->message(), Catch::Contains("7000000000000000001"));
  }
  CHECK(site_file(bench, "local").system_identifier == "7000000000000000001");
  CHECK(site_file(bench, "second").site == "studio");
}

TEST_CASE("init --take-over ties stores of another cluster to this one, when that is confirmed") {
  CommandBench bench;
  REQUIRE_FALSE(bench.run(InitOptions{}).error);
  const auto own = site_file(bench, "local").system_identifier;
  const std::string former = "7000000000000000001";
  for (const auto* name : {"local", "second"}) {
    const auto url = "file://" + bench.store_directory(name).string();
    backup::replace_site_file(*test::open_store(url, store::OpenMode::existing),
                              backup::Layout{"studio"}, {"studio", former, util::Time{}});
  }
  const auto audited = [&] {
    return bench.catalog_sql(
        "select string_agg(action || ' ' || subject || ' ' || (details->>'store'), ', ' order by "
        "id) from audit_log");
  };
  SECTION("confirmed") {
    const auto report = bench.run(InitOptions{.take_over = true, .yes = "studio"});
    CHECK_FALSE(report.error);
    CHECK(store_states(report) == States{"taken_over", "taken_over"});
    CHECK(site_file(bench, "local").system_identifier == own);
    CHECK(site_file(bench, "second").system_identifier == own);
    for (const auto& warning : bench.warnings()) CHECK_THAT(warning, !Catch::Contains("was empty"));
    CHECK(audited() == "take-over studio local, take-over studio second");
    CHECK(store_states(bench.run(InitOptions{.take_over = true})) ==
          States{"unchanged", "unchanged"});
  }
  SECTION("nobody is there to confirm it") {
    const auto report = bench.run(InitOptions{.take_over = true});
    REQUIRE(report.error);
    CHECK(report.error->exit_code() == 11);
    CHECK_THAT(report.error->hint(), Catch::Contains("--yes studio"));
    CHECK(site_file(bench, "local").system_identifier == former);
    CHECK(bench.catalog_sql("select action from audit_log") == "take-over.refused");
    CHECK(store_states(report).empty());
  }
  SECTION("another site is named") {
    CHECK(bench.run(InitOptions{.take_over = true, .yes = "other"}).error->exit_code() == 11);
    CHECK(site_file(bench, "local").system_identifier == former);
  }
  SECTION("stores of several clusters are all named in the question") {
    const auto url = "file://" + bench.store_directory("second").string();
    backup::replace_site_file(*test::open_store(url, store::OpenMode::existing),
                              backup::Layout{"studio"},
                              {"studio", "7000000000000000002", util::Time{}});
    bench.run(InitOptions{.take_over = true});
    const auto details = bench.catalog_sql("select details->>'stores' from audit_log");
    CHECK_THAT(details, Catch::Contains(former) && Catch::Contains("7000000000000000002"));
  }
  SECTION("dry run") {
    const auto report = bench.run(InitOptions{.take_over = true}, true);
    CHECK_FALSE(report.error);
    CHECK(store_states(report) == States{"would_take_over", "would_take_over"});
    CHECK(site_file(bench, "local").system_identifier == former);
  }
}

TEST_CASE("what cannot be made is an error; the rest is made") {
  CommandBench bench;
  SECTION("a store in the place of a file") {
    test::write_text(bench.store_directory("local"), "");
    const auto report = bench.run(InitOptions{});
    REQUIRE(report.error);
    CHECK(report.error->exit_code() == 6);
    CHECK(store_states(report) == States{"created"});
    CHECK(bench.catalog_sql("select count(*) from runs") == "1");
  }
  SECTION("a catalog that is down") {
    bench.config().catalog.conninfo = "host=/nonexistent dbname=bkp";
    const auto report = bench.run(InitOptions{});
    REQUIRE(report.error);
    CHECK(report.error->exit_code() == 5);
    CHECK(store_states(report) == States{"created", "created"});
  }
  SECTION("two things: the first decides, the second is a warning") {
    bench.config().catalog.conninfo = "host=/nonexistent dbname=bkp";
    test::write_text(bench.store_directory("second"), "");
    const auto report = bench.run(InitOptions{});
    CHECK(report.error->exit_code() == 5);
    REQUIRE(bench.warnings().size() == 1);
    CHECK_THAT(bench.warnings()[0], Catch::Contains("store second"));
  }
  SECTION("no cluster, nothing to tie a store to") {
    bench.config().catalog.conninfo = bench.cluster().conninfo("bkp");
    bench.config().cluster.conninfo = "host=/nonexistent";
    const auto report = bench.run(InitOptions{});
    CHECK(report.error->exit_code() == 5);
    CHECK_FALSE(fs::exists(bench.store_directory("local")));
  }
}
