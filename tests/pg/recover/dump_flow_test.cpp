// A dump that is decompressed, read and freed at the same time, in pieces of a few KiB.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <future>

#include "dumps.hpp"
#include "recover/dump_restore.hpp"
#include "support/error_of.hpp"
#include "support/site.hpp"
#include "support/wait_until.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

constexpr recover::DumpFlow small_flow{.ahead = 4096, .discard = 8192};
/// What the decompressor hands on at once; the file is ahead by as much more.
constexpr std::uint64_t piece = std::uint64_t{256} << 10U;

/// Tables of half a megabyte, an empty one, and large objects, which come last in a dump.
std::string with_tables(int tables) {
  auto database = fresh_database();
  std::string sql =
      "create table nothing (a int);"
      "select lo_from_bytea(1000 + i, convert_to(repeat(md5(i::text), 9000), 'UTF8'))"
      " from generate_series(1, 4) i;";
  for (int i = 0; i < tables; ++i) {
    sql += "create table t" + std::to_string(i) +
           " as select i, md5(i::text) from generate_series(1, 14000) i;";
  }
  cluster().psql(database, sql);
  return database;
}

/// Of the first table, which begins in the piece that the table of contents ends in: so nobody has
/// to wait for it, which would let more be written.
std::uint64_t first_block(recover::DumpFile& dump) {
  std::uint64_t position = 0;
  dump.entries();
  dump.await_blocks([&](std::span<const pg::ArchiveBlock> begun) {
    position = begun.empty() ? 0 : begun.front().position;
    return true;
  });
  REQUIRE(position > 0);
  return position;
}

/// Half a million rows, which another database takes in only while nobody holds the lock 4711 in
/// it.
void add_locked_table(const std::string& database) {
  cluster().psql(
      database,
      "create function await_lock() returns bool language plpgsql as $$begin"
      " perform pg_catalog.pg_advisory_xact_lock_shared(4711); return true; end$$;"
      "create table a_locked (i int check (i <> 1 or current_database() = '" +
          database +
          "' or await_lock()), t text);"
          "insert into a_locked select i, md5(i::text) from generate_series(1, 300000) i");
}

/// A restore of it that waits in its largest table.
struct LockedRestore {
  explicit LockedRestore(int jobs) {
    add_locked_table(database);
    source.emplace(bench.back_up(database));
    dump = std::make_unique<recover::DumpFile>(bench.context, *source, small_flow);
    connection.exec("select pg_advisory_lock(4711)");
    restore = std::async(std::launch::async, [this, jobs] {
      recover::DumpRestoreOptions options;
      options.jobs = jobs;
      recover::restore_dump(bench.context, *dump, conninfo(name), 150000, options);
    });
    REQUIRE(wait_until([&] {
      return cluster().psql("postgres",
                            "select count(*) from pg_stat_activity where datname = '" + name +
                                "' and query like 'COPY%' and wait_event = 'advisory'") == "1";
    }));
  }
  void go_on() {
    connection.exec("select pg_advisory_unlock(4711)");
    restore.get();
    CHECK(database_digest(cluster(), name) == database_digest(cluster(), database));
  }

  RestoreBench bench;
  std::string database = with_tables(4);
  std::string name = fresh_database();
  std::optional<backup::Source> source;
  std::unique_ptr<recover::DumpFile> dump;
  std::future<void> restore;
  util::Interrupt calm;
  pg::Connection connection = pg::Connection::open(conninfo(name), calm);  ///< goes first
};

}  // namespace

TEST_CASE("a dump is written as far as it is read, and a little further, to its last byte") {
  RestoreBench bench;
  const auto source = bench.back_up(with_tables(5));
  const auto archive = archive_of(source);
  auto dump = open_dump(bench, source, small_flow);
  auto at = first_block(dump);
  CHECK(size_of(dump) <= at + small_flow.ahead + piece);
  std::uint64_t furthest = 0;
  std::string space(1000, ' ');
  bool same = true;
  while (const auto size = dump.read(at, std::as_writable_bytes(std::span{space}))) {
    furthest = std::max(furthest, size_of(dump) - at);
    same = same && archive.compare(at, size, space, 0, size) == 0;
    at += size;
  }
  CHECK(same);
  CHECK(at == archive.size());
  CHECK(furthest <= space.size() + small_flow.ahead + piece);
  dump.await_end();
}

TEST_CASE("what was read is freed, and all comes back over any number of sessions") {
  const auto jobs = GENERATE(1, 2, 5);
  RestoreBench bench;
  const auto database = with_tables(5);
  const auto source = bench.back_up(database);
  auto dump = open_dump(bench, source, small_flow);
  const auto name = fresh_database();
  recover::DumpRestoreOptions options;
  options.jobs = jobs;
  recover::restore_dump(bench.context, dump, conninfo(name), 150000, options);
  CHECK(database_digest(cluster(), name) == database_digest(cluster(), database));
  const auto status = status_of(dump);
  CHECK(static_cast<std::uint64_t>(status.st_size) == dump.size());
  // The large objects, a megabyte, and what no piece was filled by.
  CHECK(status.st_blocks * 512 < status.st_size / 2);
}

TEST_CASE("a session that is held up holds up the decompression") {
  LockedRestore locked{1};
  CHECK(size_of(*locked.dump) < locked.dump->size() / 2);
  locked.go_on();
}

TEST_CASE("the tables behind one that is held up are loaded meanwhile by another session") {
  LockedRestore locked{2};
  const bool loaded = wait_until([&] {
    return cluster().psql(locked.name, "select count(*) from t0, t3 where t0.i = t3.i") == "14000";
  });
  CHECK(loaded);
  locked.go_on();
}

TEST_CASE("a dump longer than its manifest says is damage before the scratch directory is full") {
  RestoreBench bench;
  auto source = bench.back_up(with_tables(3));
  auto& part = dump_part(source);
  SECTION("decompressed") {
    part.original_bytes -= 500'000;
    auto dump = open_dump(bench, source);
    const auto error = error_of([&] { dump.await_end(); });
    CHECK(error.kind() == util::ErrorKind::damaged);
    CHECK_THAT(error.message(), Contains("more, the manifest says"));
    CHECK(size_of(dump) <= part.original_bytes);
  }
  SECTION("as stored") {
    part.size_bytes -= 1000;
    CHECK(error_of([&] { open_dump(bench, source); }).kind() == util::ErrorKind::damaged);
  }
  SECTION("more than a number holds") {
    part.size_bytes = ~std::uint64_t{0};
    const auto error = error_of([&] { open_dump(bench, source); });
    CHECK(error.kind() == util::ErrorKind::refused);
    CHECK_THAT(error.message(), Contains("needs"));
  }
}

TEST_CASE("trouble with the scratch directory is no copy's fault") {
  RestoreBench bench;
  const auto source = bench.back_up(with_tables(3));
  const auto refusal = [&] {
    const auto error = error_of([&] { open_dump(bench, source).await_end(); });
    CHECK(error.kind() == util::ErrorKind::refused);
    CHECK_THAT(error.hint(), Contains("recover.scratch_directory"));
  };
  SECTION("it is a file") {
    write_text(bench.directory / "file", "");
    bench.config.recover.scratch_directory = bench.directory / "file/scratch";
    refusal();
  }
  SECTION("it takes no more") {
    // Less than the dump as stored, and enough for that but not for what it decompresses to.
    const auto stored = source.manifest().part("dump")->size_bytes;
    const auto limit = GENERATE_COPY(stored / 2, stored + 100'000);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    ::sighandler_t handler = ::signal(SIGXFSZ, SIG_IGN);
    rlimit small{limit, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    refusal();
    ::setrlimit(RLIMIT_FSIZE, &before);
    ::signal(SIGXFSZ, handler);
  }
}
