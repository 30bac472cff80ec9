// The ways in which incremental backups of other tools have lost data: each time the backup by
// pages must have what a full one has.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/incremental_site.hpp"

using namespace bkp::test;

namespace {

/// What the server does not do, done to a file of a relation while it is down.
template <class Change>
void change_file(IncrementalSite& site, const std::string& table, const Change& change) {
  site.cluster().change_file(
      site.ask("checkpoint; select pg_relation_filepath(" + sql_literal(table) + ")"), change);
}

void make_table(IncrementalSite& site) {
  site.ask("create table victim as select i, md5(i::text) as text from generate_series(1, 5000) i");
  site.ask("checkpoint");
}

}  // namespace

TEST_CASE("a database was moved to another tablespace and back") {
  IncrementalSite site;
  const auto place = site.cluster().make_directory("space");
  site.ask("create tablespace space location " + sql_literal(place.string()));
  site.cluster().create_database("moving");
  site.cluster().psql("moving", "create table t as select i from generate_series(1, 9999) i");
  site.ask("checkpoint");
  site.take_full();
  site.ask("alter database moving set tablespace space");
  site.cluster().psql("moving", "update t set i = -i where i % 100 = 0");
  site.ask("alter database moving set tablespace pg_default");
  site.cluster().psql("moving", "insert into t select 0");
  site.ask("drop tablespace space");
  site.check_incremental_is_full();
}

TEST_CASE("a relation was cut off and grew again") {
  IncrementalSite site;
  make_table(site);
  site.take_full();
  site.ask("delete from victim where i > 1000");
  site.ask("vacuum victim");
  site.ask("insert into victim select i, 'again' from generate_series(1, 9000) i");
  SECTION("and all of it was done at once") {}
  SECTION("with an incremental backup when it was small") {
    site.ask("delete from victim where i > 100");
    site.ask("vacuum victim");
    site.take_incremental();
    site.ask("insert into victim select i, 'third' from generate_series(1, 9000) i");
  }
  SECTION("by TRUNCATE") {
    site.ask("truncate victim");
    site.ask("insert into victim select i, 'third' from generate_series(1, 99) i");
  }
  site.check_incremental_is_full();
}

TEST_CASE("a relation's file has a size that is no multiple of a page") {
  IncrementalSite site;
  make_table(site);
  site.take_full();
  change_file(site, "victim", [](const std::filesystem::path& path) {
    const auto pages = std::filesystem::file_size(path) / 8192;
    std::filesystem::resize_file(path, (pages - 3) * 8192 + 100);
  });
  site.check_incremental_is_full();
  // It is whole again, and the backup before has it in pieces.
  change_file(site, "victim", [](const std::filesystem::path& path) {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 8192 * 8192);
  });
  site.check_incremental_is_full();
}

TEST_CASE("catalogs were rewritten, and the relation maps with them") {
  IncrementalSite site;
  make_table(site);
  site.take_full();
  site.ask("vacuum full pg_class");
  site.ask("vacuum full pg_attribute");
  site.ask("vacuum full pg_database");
  site.check_incremental_is_full();
}

TEST_CASE("a database was dropped and made anew by copying files, under the same number") {
  IncrementalSite site;
  // Two templates whose table has one file name and not one content, both of long ago.
  site.cluster().create_database("one");
  site.cluster().psql("one",
                      "create table t as select i, 'one' as of from generate_series(1, 999) i");
  site.ask("create database two template one strategy file_copy");
  site.cluster().psql("two", "update t set of = 'two'");
  site.cluster().psql("two", "vacuum full t");
  site.cluster().psql("one", "vacuum full t");
  site.ask("create database copied oid 700000 template one strategy file_copy");
  site.ask("checkpoint");
  site.take_full();
  site.ask("drop database copied");
  site.ask("create database copied oid 700000 template two strategy file_copy");
  site.cluster().psql("copied", "create table later as select 1");
  site.check_incremental_is_full();
  CHECK(site.cluster().psql("copied", "select count(*) from t where of = 'two'") == "999");
}

TEST_CASE("a database was dropped while the backup was running") {
  IncrementalSite site{"limits: {rate: 16MiB/s}\n"};
  site.cluster().create_database("dropped");
  site.cluster().psql("dropped",
                      "create table t as select gen_random_uuid() from generate_series(1, 300000)");
  site.ask("checkpoint");
  auto backup = site.command({"incr", "--json"}).start();
  REQUIRE(wait_until([&] {
    // It has begun, and goes on to the files.
    return site.ask(
               "select count(*) from pg_stat_activity where state = 'idle' and "
               "query like '%pg_backup_start%'") != "0";
  }));
  site.ask("drop database dropped with (force)");
  const auto outcome = backup.wait();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  site.mark(2);
  site.archive_all();
  const auto verified = site.run({"verify", "latest"});
  CAPTURE(verified);
  CHECK(verified.exit_code == 0);
  CHECK(site.rows_of(site.recover({"--latest"})) == "1,2");
}

TEST_CASE("a WAL record is larger than a segment") {
  IncrementalSite site;
  make_table(site);
  site.take_full();
  site.ask("update victim set text = 'later' where i = 7");
  site.ask("select pg_logical_emit_message(true, 'bkp', repeat('x', 5000000))");
  site.check_incremental_is_full();
  site.ask("select pg_logical_emit_message(true, 'bkp', repeat('y', 5000000))");
  site.mark(2);
  site.archive_all();
  CHECK(site.rows_of(site.recover({"--latest"})) == "1,2");
}

TEST_CASE("a page is of zeroes") {
  IncrementalSite site;
  make_table(site);
  site.take_full();
  SECTION("behind the others") {
    change_file(site, "victim", [](const std::filesystem::path& path) {
      std::filesystem::resize_file(path, std::filesystem::file_size(path) + 8192);
    });
  }
  SECTION("where there was another") {
    change_file(site, "victim", [](const std::filesystem::path& path) {
      auto bytes = read_text(path);
      std::fill_n(bytes.begin() + 2 * 8192, 8192, '\0');
      write_text(path, bytes);
    });
  }
  site.check_incremental_is_full();
}

TEST_CASE("the WAL was reset since the parent was taken") {
  IncrementalSite site;
  make_table(site);
  site.take_full();
  site.ask("update victim set text = 'before' where i = 7");
  site.cluster().stop();
  site.cluster().run_program("pg_resetwal", {"-f", site.cluster().data_directory().string()});
  site.cluster().start();
  site.ask("update victim set text = 'after' where i = 4000");
  site.check_incremental_is_full();
}

TEST_CASE("a file was put back as it had been, with its size and time as they are now") {
  IncrementalSite site;
  make_table(site);
  std::string old;
  change_file(site, "victim", [&](const std::filesystem::path& path) { old = read_text(path); });
  site.ask("update victim set text = text where i < 100");
  site.ask("vacuum full victim");
  site.ask("checkpoint");
  site.take_full();
  change_file(site, "victim", [&](const std::filesystem::path& path) {
    const auto time = std::filesystem::last_write_time(path);
    const auto size = std::filesystem::file_size(path);
    write_text(path, old);
    std::filesystem::resize_file(path, size);
    std::filesystem::last_write_time(path, time);
  });
  site.check_incremental_is_full();
}
