#include <catch2/catch.hpp>
#include <csignal>

#include "connected.hpp"
#include "support/error_of.hpp"

using namespace bkp;
using test::cluster;
using test::error_of;

namespace {

/// A session with an empty table t (a int).
struct Session {
  Session() : connection{test::connect(interrupt)} {
    connection.exec("create temp table t (a int)");
  }

  /// Copies the pieces in.
  void copy(std::vector<std::string> pieces) {
    std::size_t next = 0;
    connection.copy_in("copy t from stdin", [&]() -> std::string_view {
      return next < pieces.size() ? std::string_view{pieces[next++]} : std::string_view{};
    });
  }
  std::string count() {
    return std::string{
        connection.exec("select count(*) || ' ' || coalesce(sum(a), 0) from t").single()};
  }

  util::Interrupt interrupt;
  pg::Connection connection;
};

}  // namespace

TEST_CASE("pieces of any size are rows once they are put together") {
  Session session;
  session.copy({"1\n2", "\n3\n", "4\n\\.\n\n\n"});
  CHECK(session.count() == "4 10");
  session.copy({});
  CHECK(session.count() == "4 10");
}

TEST_CASE("more than the server's buffers hold arrives whole") {
  Session session;
  std::string piece;
  for (int i = 0; i < 10'000; ++i) piece += "1\n";
  session.copy(std::vector<std::string>(200, piece));
  CHECK(session.count() == "2000000 2000000");
}

TEST_CASE("a row that is refused is an error with its place, and nothing was copied") {
  Session session;
  const auto error = error_of<pg::DatabaseError>([&] { session.copy({"1\n", "two\n", "3\n"}); });
  CHECK(error.sqlstate() == "22P02");
  CHECK_THAT(error.message(), Catch::Contains("COPY t, line 2, column a: \"two\""));
  CHECK_FALSE(error.of_server());
  CHECK(session.count() == "0 0");
}

TEST_CASE("a row that a function refuses is named too, and a full disk is the server's trouble") {
  Session session;
  session.connection.exec(
      "create function pg_temp.fill() returns bool language plpgsql as "
      "$$begin raise exception 'no room' using errcode = '53100'; end$$;"
      "alter table t add check (pg_temp.fill())");
  const auto error = error_of<pg::DatabaseError>([&] { session.copy({"1\n"}); });
  CHECK_THAT(error.message(), Catch::Contains("no room; COPY t, line 1: \"1\" (SQLSTATE 53100)"));
  CHECK_THAT(error.hint(), Catch::Contains("disk is full"));
  CHECK(error.of_server());
  CHECK_FALSE(error.connection_lost());
}

TEST_CASE("what the source throws takes the copy back and leaves a usable session") {
  Session session;
  bool first = true;
  const auto next = [&]() -> std::string_view {
    if (!std::exchange(first, false)) throw std::runtime_error{"no more"};
    return "1\n";
  };
  CHECK_THROWS_WITH(session.connection.copy_in("copy t from stdin", next), "no more");
  CHECK(session.count() == "0 0");
}

TEST_CASE("an interrupt ends it") {
  Session session;
  const auto next = [&]() -> std::string_view {
    session.interrupt.request(SIGTERM);
    return "1\n";
  };
  CHECK(error_of<util::Error>([&] {
          session.connection.copy_in("copy t from stdin", next);
        }).kind() == util::ErrorKind::interrupted);
}

TEST_CASE("a server that goes away while it is copied into is a lost connection") {
  Session session;
  const std::string pid{session.connection.exec("select pg_backend_pid()").single()};
  int sent = 0;
  const auto error = error_of<pg::DatabaseError>([&] {
    session.connection.copy_in("copy t from stdin", [&]() -> std::string_view {
      if (++sent == 2)
        cluster().psql("postgres", "select pg_terminate_backend(" + pid + ", 10000)");
      return "1\n";
    });
  });
  CHECK(error.connection_lost());
}

TEST_CASE("another statement than COPY … FROM STDIN is a fault of the caller") {
  Session session;
  const auto nothing = []() -> std::string_view { return {}; };
  CHECK_THROWS_AS(session.connection.copy_in("select 1", nothing), util::Error);
  CHECK_THROWS_AS(session.connection.copy_in("copy t to stdout", nothing), util::Error);
  CHECK(error_of<pg::DatabaseError>([&] {
          session.connection.copy_in("copy no_such_table from stdin", nothing);
        }).sqlstate() == "42P01");
  CHECK(session.count() == "0 0");
}
