// The runbook's commands, read out of the HTML and run as they stand there, on what a disaster
// leaves.
#include <catch2/catch.hpp>

#include <filesystem>
#include <sstream>

#include <fmt/format.h>

#include "e2e/runbook_bench.hpp"
#include "support/running_as_root.hpp"

using namespace bkp::test;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

constexpr auto one_database = "databases: {exclude: [bkp, postgres]}\n";
const auto with_vault = [](const Site& site) { site.add_store("vault"); };
constexpr auto hostile_name = "it's \"the\" $(studio); <b>&amp; -x";

}  // namespace

TEST_CASE("chapter A: a damaged database is restored beside and switched over") {
  const std::string name = GENERATE(as<std::string>{}, "studio", hostile_name);
  Bench bench{one_database, name};
  bench.cluster().psql(name, "delete from segment where id % 2 = 0");
  CHECK(bench.follow("database-1") >= 6);
  CHECK(database_digest(bench.cluster(), name) == bench.digest());
  CHECK(bench.cluster().psql(name + "_damaged", "select count(*) from segment") == "1000");
  CHECK(bench.cluster().psql(name + "_damaged", "show default_transaction_read_only") == "on");
  CHECK(bench.cluster().psql(name, "show default_transaction_read_only") == "off");
}

TEST_CASE("chapter A: a dropped database comes back under its name") {
  Bench bench{one_database};
  bench.cluster().psql("postgres", "drop database studio");
  const auto outcome = bench.type(bench.step("database-1-restore").text);
  INFO(outcome);
  REQUIRE(outcome.succeeded());
  CHECK(bench.follow("missing-1") == 1);
  CHECK(database_digest(bench.cluster(), "studio") == bench.digest());
}

TEST_CASE("chapter A: everything in one step") {
  Bench bench{one_database};
  bench.cluster().psql("studio", "truncate segment");
  CHECK(bench.type(bench.step("database-1-stop-writes").text).succeeded());
  CHECK(bench.follow("swap-1") == 2);
  CHECK(database_digest(bench.cluster(), "studio") == bench.digest());
  CHECK(bench.cluster().psql("studio", "show default_transaction_read_only") == "off");
}

TEST_CASE("chapter B: a table comes back with its indexes, constraints and rights") {
  const bool dropped = GENERATE(true, false);
  Bench bench{one_database};
  bench.cluster().psql("studio",
                       dropped ? "drop table segment" : "update segment set body = 'oops'");
  CHECK(bench.follow("table-1") == 4);
  bench.cluster().psql("studio", "drop schema damaged cascade");
  CHECK(database_digest(bench.cluster(), "studio") == bench.digest());
}

TEST_CASE("chapter B: the variants for a schema and for one table alone") {
  Bench bench{one_database};
  REQUIRE(bench.type(bench.step("table-1-restore").text).succeeded());
  bench.cluster().psql("studio", "alter schema public rename to damaged");
  CHECK(bench.follow("table-variant-1") == 2);
  CHECK(bench.cluster().psql("studio",
                             "select count(*) from public.segment join public.character c "
                             "on c.id = segment.character") == "2000");
  CHECK(bench.cluster().psql("studio",
                             "select count(*) from pg_constraint where contype = 'f' and "
                             "connamespace = 'public'::regnamespace") == "1");
  CHECK(bench.cluster().psql("studio_part", "select count(*) from segment") == "2000");
}

TEST_CASE("chapter B: the commands work while the database is read only") {
  Bench bench{one_database};
  bench.cluster().psql("studio", "update segment set body = 'oops'");
  REQUIRE(bench.type(bench.step("database-1-stop-writes").text).succeeded());
  CHECK_FALSE(bench.cluster().try_psql("studio", "create schema x").succeeded());
  CHECK(bench.follow("table-1") == 4);
  bench.cluster().psql("postgres", "drop database studio_restored");
  REQUIRE(bench.type(bench.step("table-1-restore").text).succeeded());
  bench.cluster().psql("studio",
                       "set default_transaction_read_only = off;"
                       "alter schema public rename to lost");
  CHECK(bench.follow("table-variant-1") == 2);
  CHECK(bench.cluster().psql("studio", "show default_transaction_read_only") == "on");
  REQUIRE(bench.type(bench.step("swap-1-allow-writes").text).succeeded());
  bench.cluster().psql("studio", "drop schema damaged cascade; drop schema lost cascade");
  CHECK(bench.cluster().psql("studio", "select count(*) from segment where body <> 'oops'") ==
        "2000");
}

TEST_CASE("chapter C: on a bare host, where the user of bkp owns nothing yet") {
  // Becoming that user takes root.
  if (!running_as_root()) return;
  Bench bench{one_database};
  auto& site = bench.site();
  const auto user = system_user("postgres");
  const auto root = site.directory();
  const auto config = root / "etc/bkp/bkp.yaml";
  fs::create_directories(config.parent_path());
  fs::rename(site.config_file(), config);
  output_of(Program{{"chown", "-R", user.name, root.string()}});
  auto program = site.bkp().command({"runbook", "--out", "-", "--config", config.string()});
  const auto page = program.as_user(user).run();
  INFO(page);
  REQUIRE(page.succeeded());
  write_text(bench.page(), page.out);

  bench.cluster().start_over();
  fs::remove_all(root / "etc");
  fs::remove_all(root / "state");
  output_of(Program{{"chown", "-R", "root", root.string()}});
  fs::permissions(root, fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
  CHECK_FALSE(bench.type(bench.step("host-write-config").text, true, user).succeeded());
  CHECK(bench.follow("host", true, user) >= 9);
  CHECK(database_digest(bench.cluster(), "studio") == bench.digest());
  CHECK(output_of(Program{
            {"find", (root / "store").string(), config.string(), "!", "-user", user.name}}) == "");
}

TEST_CASE("a database that was dropped is marked, and long commands are broken after a backslash") {
  Bench bench{one_database};
  bench.cluster().psql("postgres", "drop database studio");
  bench.site().must({"runbook", "--out", bench.page().string()});
  CHECK_THAT(read_text(bench.page()), Contains("It was not in the cluster any more"));
  for (const auto& step : steps_in(bench.page())) {
    if (step.id == "host-write-config") continue;
    std::istringstream lines{step.text};
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with(" \\")) line.erase(line.size() - 2);
      INFO(step.id << ": " << line);
      // One argument may be longer; two stand on two lines.
      CHECK((line.size() <= 82 ||
             line.find(' ', line.find_first_not_of(' ') + 4) == std::string::npos ||
             line.find('\'') != std::string::npos || step.id.ends_with("count")));
    }
  }
}

TEST_CASE("chapter C: the host is lost, and with it cluster, catalog and configuration") {
  const std::string yaml = GENERATE(as<std::string>{}, one_database, "");
  Bench bench{yaml};
  bench.cluster().start_over();
  fs::remove(bench.site().config_file());
  fs::remove_all(bench.site().directory() / "state");
  CHECK(bench.follow("host") >= 7);
  CHECK(database_digest(bench.cluster(), "studio") == bench.digest());
  CHECK(bench.cluster().psql(
            "postgres", "select rolpassword is not null from pg_authid where rolname = 'artist'") ==
        "t");
  const auto backups = bench.site().json({"list", "--db", "studio"}).at("result").at("backups");
  CHECK(backups.size() == 2);  // the one restored from, and the one of the new cluster
}

TEST_CASE("chapter D: the catalog is lost and made again from the store") {
  Bench bench{one_database};
  const auto before = bench.site().json({"list"}).at("result").at("backups").at(0).at("label");
  bench.cluster().psql("postgres", "drop database bkp");
  CHECK(bench.follow("catalog") >= 3);
  CHECK(bench.site().json({"list"}).at("result").at("backups").at(0).at("label") == before);
}

TEST_CASE("chapter E: a lost store is refilled from the other one") {
  Bench bench{one_database, "studio", with_vault};
  fs::remove_all(bench.site().store());
  CHECK(bench.follow("store-1") == 5);
  CHECK(database_digest(bench.cluster(), "studio_restored") == bench.digest());
}

TEST_CASE("chapter F: without bkp, stock tools bring roles and database back") {
  const std::string name = GENERATE(as<std::string>{}, "studio", hostile_name);
  Bench bench{one_database, name};
  bench.cluster().start_over();
  CHECK_FALSE(bench.type("command -v bkp", false).succeeded());
  const auto globals = bench.type(bench.step("host-globals").text, false);
  INFO(globals);
  REQUIRE(globals.succeeded());
  CHECK(bench.follow("stock-1", false) == 5);
  CHECK(database_digest(bench.cluster(), name + "_by_hand") == bench.digest());
}

TEST_CASE("chapters E and F of a site that seals and signs") {
  const TemporaryDirectory keys;
  const auto identity = (keys / "identity.txt").string();
  const auto signing = (keys / "signing.pem").string();
  REQUIRE(InstalledBkp{}.run({"key", "generate", "--out", identity}).succeeded());
  REQUIRE(InstalledBkp{}.run({"key", "generate", "--signing", "--out", signing}).succeeded());
  const auto recipient = output_of(Program{{"age-keygen", "-y", identity}});
  Bench bench{std::string{one_database} + "encryption: {recipients: [" +
                  recipient.substr(0, recipient.size() - 1) + "], identity_files: [" + identity +
                  "]}\nsigning: {key_file: " + signing + "}\n",
              "studio", with_vault};
  SECTION("with the other store, the identity and the page alone") {
    fs::remove_all(bench.site().store());
    fs::remove(bench.site().config_file());
    std::string server;
    for (const auto& [name, value] : bench.cluster().environment("postgres"))
      if (name.starts_with("PG")) server += "export " + name + "='" + value + "'\n";
    const auto restored = bench.type(server + bench.step("alone-1-restore-alone").text);
    INFO(restored);
    CHECK(restored.succeeded());
    CHECK(database_digest(bench.cluster(), "studio_restored") == bench.digest());
  }
  SECTION("with stock tools") {
    CHECK(bench.follow("stock-1", false, std::nullopt, "fetch-1-1") == 7);
    CHECK(database_digest(bench.cluster(), "studio_by_hand") == bench.digest());
  }
  SECTION("a manifest that was changed is found by stock tools") {
    for (const auto& entry : fs::recursive_directory_iterator{bench.site().store()}) {
      if (entry.path().filename() == "manifest.json")
        write_text(entry.path(), read_text(entry.path()) + " ");
    }
    REQUIRE(bench.type(bench.step("fetch-1-1").text, false).succeeded());
    CHECK_FALSE(bench.type(bench.step("stock-1-signature").text, false).succeeded());
  }
}

TEST_CASE("chapter F: a file that changed in the store is found before it is used") {
  Bench bench{one_database};
  for (const auto& entry : fs::recursive_directory_iterator{bench.site().store()}) {
    if (entry.path().filename() == "globals.sql.zst") write_text(entry.path(), "something else");
  }
  const auto outcome = bench.type(bench.step("stock-1-sums").text, false);
  CHECK_FALSE(outcome.succeeded());
  CHECK_THAT(outcome.out, Contains("globals.sql.zst: FAILED") && Contains("dump.pgc.zst: OK"));
}

TEST_CASE("chapter H: rows and files of the configuration come back, by bkp and by hand") {
  const TemporaryDirectory host;
  write_text(host / "hook.sh", "echo rendered\n");
  Bench bench{fmt::format(
      "config_export: {{sections: [{{name: cast, database: studio, tables: [character]}}, "
      "{{name: hooks, files: [{}]}}]}}\n",
      (host / "hook.sh").string())};
  bench.cluster().psql("studio", "update character set name = 'nobody' where id < 10");
  write_text(host / "hook.sh", "broken\n");
  CHECK(bench.follow("configuration") == 3);
  CHECK(bench.cluster().psql("studio", "select name from character where id = 3") == "c3");
  CHECK(read_text(host / "hook.sh") == "echo rendered\n");
  CHECK(bench.follow("configuration-stock", false) == 2);
  const auto unpacked = bench.site().directory() / "state/scratch/fetched/configuration";
  CHECK(read_text(unpacked / "hooks/files" / (host / "hook.sh").relative_path()) ==
        "echo rendered\n");
  CHECK_THAT(read_text(unpacked / "cast/character.json"), Contains("\"name\":\"c3\""));
}

TEST_CASE("every full renews the page on the store, and one beside the backup") {
  Bench bench{one_database};
  const auto label =
      bench.site().json({"list"}).at("result").at("backups").at(0).at("label").get<std::string>();
  const auto current = bench.site().store() / "studio/runbook/runbook.html";
  CHECK_THAT(read_text(current), Contains(label));
  CHECK_THAT(read_text(bench.site().store() / "studio/backups" / label / "runbook.html"),
             Contains(label));
  bench.site().must({"full"});
  const auto newer =
      bench.site().json({"list"}).at("result").at("backups").at(0).at("label").get<std::string>();
  CHECK(newer != label);
  CHECK_THAT(read_text(current), Contains("The newest backup in it is <code>" + newer));
}

TEST_CASE("runbook: without --out the pages are renewed and named, and a verification is on them") {
  Bench bench{one_database};
  bench.site().must({"verify"});
  const auto current = bench.site().store() / "studio/runbook/runbook.html";
  CHECK_THAT(read_text(current), Contains("a hope until it is restored once"));
  const auto report = bench.site().json({"runbook"});
  INFO(report.dump(1));
  CHECK(report.at("status") == "ok");
  CHECK(report.at("result").at("places").size() == 1);
  CHECK_THAT(read_text(current),
             !Contains("a hope until it is restored once") && Contains("A restore took"));
}

TEST_CASE("runbook: --out - is the page, and a device is not replaced by a file") {
  Bench bench{one_database};
  const auto page = bench.site().must({"runbook", "--out", "-"});
  CHECK(page.out.starts_with("<!DOCTYPE html>"));
  CHECK(page.out.ends_with("</html>\n"));
  const auto refused = bench.site().run({"runbook", "--out", "/dev/full"});
  CHECK(refused.exit_code == 2);
  CHECK(fs::is_character_file("/dev/full"));
  const auto lost = bench.site().run({"runbook", "--out", "/nonexistent/page.html"});
  CHECK(lost.exit_code == 6);
  CHECK_THAT(lost.err, Contains("cannot write \"/nonexistent/page.html\""));
}
