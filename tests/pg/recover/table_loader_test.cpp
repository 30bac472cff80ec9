// How the loading of tables ends when it does not go well: at once, whoever waits for what.
#include "recover/table_loader.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <future>

#include "dumps.hpp"
#include "stalls.hpp"
#include "support/error_of.hpp"
#include "support/wait_until.hpp"

using namespace bkp;
using namespace bkp::test;

namespace {

/// A dump of the tables a and c with b between them, which is not wanted and larger than what is
/// decompressed at once; and a database with a and c, still empty, where `check_of_a` holds rows
/// up, or not.
struct Loading {
  explicit Loading(const std::string& check_of_a,
                   const std::set<std::string>& tables = {"a", "c"}) {
    const auto database = fresh_database();
    cluster().psql(database,
                   "create table a as select 1 i; create table c as select 3 i; create table b as "
                   "select md5(i::text) from generate_series(1, 20000) i");
    source.emplace(bench.back_up(database));
    dump =
        std::make_unique<recover::DumpFile>(bench.context, *source, recover::DumpFlow{4096, 8192});
    for (const auto& entry : dump->entries()) {
      if (entry.is_table_data() && tables.contains(entry.tag)) wanted.insert(entry.dump_id);
    }
    cluster().psql(target,
                   "create table a (i int check (" + check_of_a + ")); create table c (i int)");
  }

  /// Over two sessions, or one for one table.
  void start() {
    end = std::async(std::launch::async, [this] {
      recover::load_tables(bench.context, *dump, conninfo(target), 2, wanted);
    });
  }
  bool ends() const { return end.wait_for(std::chrono::seconds{30}) == std::future_status::ready; }
  util::ErrorKind failure() {
    return error_of([&] { end.get(); }).kind();
  }
  bool copying(const std::string& table) const {
    return cluster().psql("postgres", "select count(*) from pg_stat_activity where datname = '" +
                                          target +
                                          "' and state = 'active' and query like 'COPY public." +
                                          table + " %'") == "1";
  }

  RestoreBench bench;
  std::optional<backup::Source> source;
  std::unique_ptr<recover::DumpFile> dump;
  std::string target = fresh_database();
  std::set<int> wanted;
  std::future<void> end;
};

constexpr auto held = "pg_sleep(600) is not null";

}  // namespace

TEST_CASE("an interrupt ends a COPY that the server holds up") {
  Loading loading{held};
  loading.dump->await_end();
  loading.start();
  REQUIRE(wait_until([&] { return loading.copying("a"); }));
  loading.bench.outside.interrupt.request(SIGTERM);
  REQUIRE(loading.ends());
  CHECK(loading.failure() == util::ErrorKind::interrupted);
}

TEST_CASE("an interrupt ends a session that waits for its next table") {
  Loading loading{"true", {"c"}};
  WriteGate gate{loading.dump->fd()};
  loading.start();
  // Nobody has read anything: it is written on for who waits.
  REQUIRE(wait_until([&] { return gate.reached(); }));
  loading.bench.outside.interrupt.request(SIGTERM);
  CHECK(loading.ends());
  gate.open();
  CHECK(loading.failure() == util::ErrorKind::interrupted);
}

TEST_CASE("a row that is refused ends a session that waits for its next table") {
  Loading loading{"false"};
  WriteGate gate{loading.dump->fd()};
  loading.start();
  CHECK(loading.ends());
  gate.open();
  CHECK(loading.failure() == util::ErrorKind::database);
  CHECK(cluster().psql(loading.target, "select count(*) from c") == "0");
}

TEST_CASE("without a second thread nothing is loaded by the first") {
  Loading loading{"true"};
  WriteGate gate{loading.dump->fd()};
  const ThreadLimit limit{2};  // std::async's own, and one session
  loading.start();
  CHECK(loading.ends());
  gate.open();
  CHECK(loading.failure() == util::ErrorKind::refused);
  CHECK(cluster().psql(loading.target, "select count(*) from c") == "0");
}
