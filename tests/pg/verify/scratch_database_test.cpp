#include "verify/scratch_database.hpp"

#include <catch2/catch.hpp>

#include "support/restore_bench.hpp"

using namespace bkp;
using namespace bkp::test;

namespace {

backup::DatabaseProperties like_latin1() {
  backup::DatabaseProperties original;
  original.name = "original";
  original.owner = "postgres";
  original.encoding = "LATIN1";
  original.collate = "C";
  original.ctype = "C";
  original.locale_provider = "libc";
  return original;
}

bool exists(const std::string& name) {
  return cluster().has_database(name);
}

}  // namespace

TEST_CASE("a scratch database is like the original, closed to others, and goes with its object") {
  RestoreBench bench;
  std::string name;
  {
    const verify::ScratchDatabase scratch{bench.context, bench.context.cluster(), like_latin1()};
    name = scratch.name();
    CHECK_THAT(name, Catch::Matchers::StartsWith("bkp_verify_"));
    CHECK(cluster().psql(name, "show server_encoding") == "LATIN1");
    CHECK(cluster().psql(name,
                         "select datcollate from pg_database where datname = "
                         "current_database()") == "C");
    CHECK(cluster().psql("postgres", "select has_database_privilege('public', '" + name +
                                         "', 'CONNECT')") == "f");
    const verify::ScratchDatabase second{bench.context, bench.context.cluster(), like_latin1()};
    CHECK(second.name() != name);
  }
  CHECK_FALSE(exists(name));
}

TEST_CASE("it is dropped after a signal, and while somebody is connected") {
  RestoreBench bench;
  std::string name;
  {
    const verify::ScratchDatabase scratch{bench.context, bench.context.cluster(), like_latin1()};
    name = scratch.name();
    auto guest = pg::Connection::open(conninfo(name), bench.outside.interrupt);
    bench.outside.interrupt.request(15);
  }
  CHECK_FALSE(exists(name));
}

TEST_CASE("leftovers of dead verifications are dropped, and only those") {
  RestoreBench bench;
  const verify::ScratchDatabase live{bench.context, bench.context.cluster(), like_latin1()};
  const auto marked = [&](const std::string& name, const std::string& comment) {
    cluster().create_database(name, "CONNECTION LIMIT 1907351");
    if (!comment.empty()) {
      cluster().psql("postgres",
                     "comment on database " + sql_identifier(name) + " is " + sql_literal(comment));
    }
  };
  marked("bkp_verify_dead", R"({"bkp": "verify", "site": "studio", "host": "x", "pid": 1})");
  marked("bkp_verify_dead before its comment", "");
  marked("bkp_verify_other site", R"({"bkp": "verify", "site": "other", "host": "x", "pid": 1})");
  marked("bkp_verify_with a note", "please keep");
  marked("unlike", R"({"bkp": "verify", "site": "studio", "host": "x", "pid": 1})");
  cluster().create_database("bkp_verify_somebody's");

  const std::vector<std::string> dead{"bkp_verify_dead", "bkp_verify_dead before its comment"};
  CHECK(verify::drop_leftovers(bench.context, bench.context.cluster(), true) == dead);
  for (const auto& name : dead) CHECK(exists(name));
  CHECK(verify::drop_leftovers(bench.context, bench.context.cluster(), false) == dead);
  for (const auto& name : dead) CHECK_FALSE(exists(name));
  for (const auto& name :
       {live.name(), std::string{"bkp_verify_other site"}, std::string{"bkp_verify_with a note"},
        std::string{"unlike"}, std::string{"bkp_verify_somebody's"}}) {
    INFO(name);
    CHECK(exists(name));
  }
  for (const auto* name :
       {"bkp_verify_other site", "bkp_verify_with a note", "unlike", "bkp_verify_somebody's"}) {
    cluster().psql("postgres", "drop database " + sql_identifier(name));
  }
}
