// Files that a database knows by their checksums, compared with what is there.
#include <sys/file.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "e2e/asset_site.hpp"
#include "support/replaced.hpp"
#include "support/wait_until.hpp"
#include "util/files.hpp"

using namespace bkp;
using namespace bkp::test;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

TEST_CASE("what is missing, corrupt or out of reach is named, kept and told, until it is right") {
  AssetSite site;
  site.must({"init"});
  auto assets = site.check();
  INFO(assets.dump(1));
  CHECK(site.exit_code() == 0);
  CHECK(assets["listed"] == files);
  CHECK(assets["read"] == files);
  CHECK(assets["never_read"] == 0);

  fs::remove(site.file(3));
  site.put(5, "video 6");
  fs::remove(site.file(7));
  fs::create_symlink("/etc/passwd", site.file(7));
  fs::remove(site.file(8));
  fs::create_directory(site.file(8));
  const auto run = site.run({"assets-check"});
  INFO(run);
  CHECK(run.exit_code == 8);
  CHECK_THAT(run.out, Contains("missing: 03/final 3.mp4 (id 3)") &&
                          Contains("corrupt: 01/final 5.mp4 (id 5)") &&
                          Contains("unreadable: 03/final 7.mp4 (id 7): it leads out of") &&
                          Contains("it is no regular file"));
  CHECK_THAT(run.err, Contains("1 missing and 1 corrupt assets"));
  CHECK(site.state_of(3) == "missing");
  CHECK(site.state_of(5) == "corrupt");
  const auto since =
      site.cluster().psql("bkp", "select since from bkp.asset_checks where state = 'missing'");
  const auto status = site.run({"status"});
  CHECK_THAT(status.out,
             Contains("assets finals") && Contains("1 missing, 1 corrupt, 2 unreadable"));

  {
    const auto held = util::open_or_make(site.spool().parent_path() / "lock/studio.assets.lock");
    REQUIRE(::flock(held.get(), LOCK_EX | LOCK_NB) == 0);
    const auto second = site.run({"assets-check"});
    INFO(second);
    CHECK(second.exit_code == 7);
  }

  // Only what was at fault is read again.
  assets = site.check({"--share", "0%"});
  INFO(assets.dump(1));
  CHECK(site.exit_code() == 8);
  CHECK(assets["read"] == 1);
  CHECK(site.cluster().psql("bkp", "select since from bkp.asset_checks where state = 'missing'") ==
        since);

  for (const int i : {3, 5, 7, 8}) {
    fs::remove(site.file(i));
    site.put(i, contents(i));
  }
  assets = site.check({"--share", "0%"});
  INFO(assets.dump(1));
  CHECK(site.exit_code() == 0);
  CHECK(assets["read"] == 4);
  CHECK(site.cluster().psql("bkp", "select count(*) from bkp.asset_checks where state = 'ok'") ==
        std::to_string(files));
}

TEST_CASE("a share each night reads every file in its turn, and misses none that is gone") {
  AssetSite site{"25%"};
  site.must({"init"});
  for (int night = 1; night <= 4; ++night) {
    const auto assets = site.check();
    INFO(assets.dump(1));
    CHECK(assets["read"] == files / 4);
    CHECK(assets["never_read"] == files - night * files / 4);
  }
  CHECK(site.cluster().psql("bkp", "select count(*) from bkp.asset_checks") ==
        std::to_string(files));
  // The fifth night reads what the first one has read.
  const auto oldest =
      site.cluster().psql("bkp", "select path from bkp.asset_checks order by checked_at limit 1");
  const auto read_at = [&] {
    return site.cluster().psql(
        "bkp", fmt::format("select checked_at from bkp.asset_checks where path = '{}'", oldest));
  };
  const auto before = read_at();
  fs::remove(site.file(39));
  const auto assets = site.check();
  CHECK(site.exit_code() == 8);
  CHECK(assets["missing"] == 1);
  CHECK(read_at() > before);
}

TEST_CASE(
    "rows that change are followed: new files, new contents, files that are not known any more") {
  AssetSite site{"10%"};
  site.must({"init"});
  site.check({"--all"});
  site.cluster().psql("x121",
                      "delete from assets where id = 1;"
                      "update assets set sha256 = sha256('other') where id = 2;"
                      "insert into assets values (100, 'none.mp4', null), (101, '', null),"
                      "  (102, '/etc/passwd', null), (103, '../bkp.yaml', null)");
  site.put(2, "other");
  const auto assets = site.check();
  INFO(assets.dump(1));
  CHECK(site.exit_code() == 8);
  CHECK(assets["missing"] == 1);
  CHECK(assets["corrupt"] == 0);
  CHECK(assets["unreadable"] == 2);
  CHECK(assets["without_checksum"] == 3);
  CHECK(assets["unusable_rows"] == 1);
  CHECK(
      site.cluster().psql("bkp", fmt::format("select expected_sha256 = actual_sha256 from "
                                             "bkp.asset_checks where path = '{}' and state = 'ok'",
                                             file_name(2))) == "t");
  CHECK(site.state_of(1).empty());
  CHECK_THAT(assets["notes"].dump(), Contains("1 rows have no path"));
}

TEST_CASE("rows that do not say what they mean are no good night") {
  AssetSite site;
  site.must({"init"});
  site.cluster().psql("x121",
                      "insert into assets values (100, '', null), (101, 'x.mp4', '\\x01');"
                      "insert into assets select id + 200, path, sha256('other') from assets "
                      "where id in (4, 5)");
  util::write_file_atomically(site.media() / "x.mp4", "x");
  const auto run = site.run({"assets-check"});
  INFO(run);
  CHECK(run.exit_code == 3);
  CHECK_THAT(run.err, Contains("1 rows have no path") && Contains("1 rows have a sha256") &&
                          Contains("2 paths are there more than once") &&
                          Contains("4 rows do not say"));
  // Which of two is right is not known.
  CHECK(site.state_of(4) == "ok");
  CHECK(site.check()["without_checksum"] == 3);
  site.cluster().psql("x121", "update assets set sha256 = null");
  CHECK_THAT(site.run({"check"}).out, Contains("no file has a checksum"));
}

TEST_CASE("of several entries the worst decides") {
  AssetSite site;
  const auto other = [&](const std::string& sql, const std::string& root) {
    site.write_config(replaced(
        read_text(site.config_file()), "assets:\n",
        "assets:\n  - {name: other, database: x121, sql: \"" + sql + "\", root: " + root + "}\n"));
  };
  SECTION("one cannot be checked: partial") {
    other("select path, sha256 from assets", "/nowhere");
    site.must({"init"});
    CHECK(site.run({"assets-check"}).exit_code == 3);
    const auto failures = site.json({"status"})["result"]["failures"];
    REQUIRE(failures.size() == 1);
    CHECK(failures[0]["command"] == "assets-check");
    site.run({"assets-check", "--all", "finals"});
    fs::remove(site.file(1));
    CHECK(site.run({"assets-check", "--all", "finals"}).exit_code == 8);
    CHECK(site.json({"status"})["result"]["failures"].size() == 1);
    site.put(1, contents(1));
    site.must({"assets-check", "--share", "0%", "finals"});
    CHECK(site.json({"status"})["result"]["failures"].size() == 1);
  }
  SECTION("none can: why") {
    other("select path, sha256 from assets", site.media().string());
    site.must({"init"});
    site.cluster().psql("x121", "drop table assets");
    const auto run = site.run({"assets-check"});
    CHECK(run.exit_code == 5);
    CHECK_THAT(run.err, Contains("the query of \"other\" fails: ") && Contains("hint: see `sql`"));
  }
  SECTION("one was emptied: damaged") {
    site.cluster().psql("x121", "create table more as select path, sha256 from assets");
    other("select path, sha256 from more", site.media().string());
    site.must({"init"});
    site.must({"assets-check"});
    site.cluster().psql("x121", "truncate more");
    CHECK(site.run({"assets-check"}).exit_code == 8);
  }
}

TEST_CASE("what cannot be checked at all says why, with its exit code") {
  AssetSite site;
  site.must({"init"});
  SECTION("a disk that is not mounted") {
    fs::rename(site.media(), site.directory() / "away");
    const auto run = site.run({"assets-check"});
    INFO(run);
    CHECK(run.exit_code == 6);
    CHECK_THAT(run.err, Contains("is it mounted?"));
    CHECK(site.cluster().psql("bkp", "select count(*) from bkp.asset_checks") == "0");
  }
  SECTION("an empty mount point") {
    fs::rename(site.media(), site.directory() / "away");
    fs::create_directory(site.media());
    const auto run = site.run({"assets-check"});
    CHECK(run.exit_code == 8);
    CHECK_THAT(run.err, Contains("nothing is there: is") && Contains("mounted?"));
  }
  SECTION("a query without the columns") {
    site.cluster().psql("x121", "alter table assets rename column sha256 to digest");
    const auto run = site.run({"assets-check"});
    CHECK(run.exit_code == 5);
    CHECK_THAT(run.err, Contains("sha256"));
  }
  SECTION("a table that was emptied") {
    CHECK(site.run({"assets-check"}).exit_code == 0);
    site.cluster().psql("x121", "truncate assets");
    const auto run = site.run({"assets-check"});
    CHECK(run.exit_code == 8);
    CHECK_THAT(run.err, Contains("gives no file, and 40 were known"));
    CHECK(site.cluster().psql("bkp", "select count(*) from bkp.asset_checks") == "40");
    // The way out, if it is right.
    site.write_config(site.base_config());
    site.must({"assets-check"});
    CHECK(site.cluster().psql("bkp", "select count(*) from bkp.asset_checks") == "0");
  }
  SECTION("a corrupt file of a time to come") {
    site.put(9, "video 8");
    fs::last_write_time(site.file(9), fs::file_time_type::clock::now() + std::chrono::hours{24});
    CHECK(site.run({"assets-check"}).exit_code == 8);
    CHECK(site.state_of(9) == "corrupt");
  }
  SECTION("a file that was replaced while the run was on is left to the next") {
    site.put(9, "video 8");
    site.cluster().psql("x121",
                        "create function slow() returns boolean language sql as "
                        "$$ select pg_sleep(2) is not null $$");
    site.write_config(replaced(read_text(site.config_file()), "where approved",
                               "where approved and (select slow())"));
    auto running = site.command({"assets-check", "--json"}).start();
    REQUIRE(wait_until([&] {
      return site.cluster().psql("postgres",
                                 "select count(*) from pg_stat_activity where datname = 'x121' and "
                                 "query like 'FETCH%' and state = 'active'") == "1";
    }));
    util::write_file_atomically(site.file(9), "video 7");
    const auto run = running.wait();
    INFO(run);
    CHECK(run.exit_code == 0);
    CHECK_THAT(run.out, Contains("1 were written to meanwhile"));
  }
  SECTION("a query that writes") {
    site.write_config(site.base_config() +
                      "assets: [{name: finals, database: x121, root: " + site.media().string() +
                      ", sql: \"delete from assets returning path, sha256\"}]\n");
    CHECK(site.run({"assets-check"}).exit_code == 5);
    CHECK(site.cluster().psql("x121", "select count(*) from assets") == std::to_string(files));
  }
  SECTION("a name that is not there") {
    CHECK(site.run({"assets-check", "drafts"}).exit_code == 10);
  }
  SECTION("a share that is none") {
    CHECK(site.run({"assets-check", "--share", "much"}).exit_code == 2);
  }
  SECTION("nothing is configured") {
    site.write_config(site.base_config());
    CHECK_THAT(site.must({"assets-check"}).out, Contains("no assets are configured"));
  }
}

TEST_CASE("without the catalog assets are checked all the same, and entered later") {
  AssetSite site;
  site.must({"init"});
  site.cluster().psql("postgres", "alter database bkp allow_connections false");
  fs::remove(site.file(11));
  const auto assets = site.check();
  INFO(assets.dump(1));
  CHECK(site.exit_code() == 8);
  CHECK(assets["read"] == files - 1);
  site.cluster().psql("postgres", "alter database bkp allow_connections true");
  site.must({"full"});
  CHECK(site.state_of(11) == "missing");
  CHECK(site.state_of(12) == "ok");
}
