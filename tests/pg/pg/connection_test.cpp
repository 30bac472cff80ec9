#include "pg/connection.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <array>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>

#include "support/cluster.hpp"
#include "support/error_of.hpp"
#include "support/wait_until.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::Cluster;
using test::error_of;

namespace {

Cluster& cluster() {
  static Cluster shared;
  return shared;
}

pg::Connection connect(const util::Interrupt& interrupt, std::string_view database = "postgres") {
  return pg::Connection::open(pg::Conninfo::parse(cluster().conninfo(database)), interrupt);
}

/// Runs `body`, which must throw a DatabaseError, and returns it.
std::string state_of(const std::string& application) {
  return cluster().psql(
      "postgres", "select state from pg_stat_activity where application_name = '" + application +
                      "' and query like '%pg_sleep%'");
}

}  // namespace

TEST_CASE("values come back as they went, NULL included") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto result = connection.exec(
      "select $1::text, $2::text, $3::bigint, 1.5::float8, true, false",
      {"it's \"quoted\" \\ and\nover two lines", std::nullopt, "-9223372036854775808"});
  CHECK(result.rows() == 1);
  CHECK(result.columns() == 6);
  CHECK(result.single() == "it's \"quoted\" \\ and\nover two lines");
  CHECK(result.is_null(0, 1));
  CHECK(result.text(0, 1).empty());
  CHECK(result.optional_text(0, 1) == std::nullopt);
  CHECK(result.optional_text(0, 4) == "t");
  CHECK(result.integer(0, 2) == std::numeric_limits<std::int64_t>::min());
  CHECK(result.number(0, 3) == 1.5);
  CHECK(result.boolean(0, 4));
  CHECK_FALSE(result.boolean(0, 5));
}

TEST_CASE("asking a result for what it has not is a fault with words") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto empty = connection.exec("select 1 where false");
  CHECK_THROWS_AS(empty.single(), util::Error);
  const auto text = connection.exec("select 'abc', null");
  CHECK_THROWS_WITH(text.integer(0, 0), Catch::Contains("\"abc\""));
  CHECK_THROWS_AS(text.integer(0, 1), util::Error);
  CHECK_THROWS_AS(text.boolean(0, 0), util::Error);
  CHECK_THROWS_AS(text.number(0, 0), util::Error);
  CHECK_THROWS_AS(text.text(1, 0), util::Error);
  CHECK_THROWS_AS(text.is_null(0, 2), util::Error);
  CHECK_THROWS_AS(empty.optional_text(0, 0), util::Error);
}

TEST_CASE("several statements run in one call; affected rows are counted") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto last = connection.exec(
      "create temp table t (a int); insert into t select generate_series(1, 7); "
      "update t set a = a + 1 where a > 3");
  CHECK(last.affected() == 4);
  CHECK(connection.exec("delete from t").affected() == 7);
}

TEST_CASE("a refused statement names the database, the reason and the SQLSTATE") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto error =
      error_of<pg::DatabaseError>([&] { connection.exec("select * from no_such_table"); });
  CHECK(error.kind() == util::ErrorKind::database);
  CHECK(error.sqlstate() == "42P01");
  CHECK_FALSE(error.connection_lost());
  CHECK_THAT(error.message(), Catch::Contains("database \"postgres\"") &&
                                  Catch::Contains("relation \"no_such_table\" does not exist") &&
                                  Catch::Contains("42P01"));
  CHECK(connection.exec("select 1").single() == "1");
}

TEST_CASE("the session says who it is and silences notices") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  CHECK(connection.exec("show application_name").single() == "bkp");
  CHECK(connection.database() == "postgres");
  CHECK(connection.server_version() >= 150000);
  CHECK(connection.alive());
  connection.exec("do $$ begin raise warning 'not to be seen'; end $$");
  auto named = pg::Connection::open(
      pg::Conninfo::parse(cluster().conninfo()).with("application_name", "nightly"), interrupt);
  CHECK(named.exec("show application_name").single() == "nightly");
}

TEST_CASE("hostile names stay names") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  for (const std::string name :
       {"a\"b", "'; drop table x; --", "new\nline", "ü", "-leading", " "}) {
    connection.exec("create temp table " + connection.identifier(name) + " (a text)");
    connection.exec("insert into " + connection.identifier(name) + " values (" +
                    connection.literal(name) + ")");
    CHECK(connection.exec("select a from " + connection.identifier(name)).single() == name);
  }
  CHECK_THROWS_AS(connection.identifier("\xff\xfe"), util::Error);
  CHECK_THROWS_AS(connection.identifier(std::string_view{"a\0b", 3}), util::Error);
  CHECK_THROWS_AS(connection.literal(std::string_view{"a\0b", 3}), util::Error);
  CHECK_THROWS_WITH(connection.exec("select $1::text", {std::string{"a\0b", 3}}),
                    Catch::Contains("zero byte"));
}

TEST_CASE("hostile text of the server reaches no terminal raw") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto error =
      error_of<pg::DatabaseError>([&] { connection.exec("select * from \"\x1b[2Jgone\""); });
  CHECK_THAT(error.message(), Catch::Contains("\\x1b[2Jgone"));
}

TEST_CASE("what keeps a connection from being made is said with a hint") {
  const util::Interrupt interrupt;
  const auto conninfo = pg::Conninfo::parse(cluster().conninfo());
  const auto missing = error_of<pg::DatabaseError>(
      [&] { pg::Connection::open(conninfo.with_database("no such db"), interrupt); });
  CHECK(missing.sqlstate() == "3D000");
  CHECK(missing.connection_lost());
  CHECK_THAT(missing.message(), Catch::Contains("\"no such db\" does not exist"));
  CHECK_THAT(missing.message(), !Catch::Contains("LOCATION"));
  CHECK_THAT(missing.hint(), Catch::Contains("bkp init"));

  const auto stranger = error_of<pg::DatabaseError>(
      [&] { pg::Connection::open(conninfo.with("user", "nobody_here"), interrupt); });
  CHECK(stranger.sqlstate() == "28000");
  CHECK_THAT(stranger.hint(), Catch::Contains("create the role"));

  const auto down = error_of<pg::DatabaseError>([&] {
    pg::Connection::open(conninfo.with("host", "/nonexistent").with("password", "hunter2"),
                         interrupt);
  });
  CHECK(down.sqlstate().empty());
  CHECK(down.connection_lost());
  CHECK_THAT(down.hint(), Catch::Contains("pg_isready -h /nonexistent"));
  CHECK_THAT(down.message() + down.hint(), !Catch::Contains("hunter2"));
}

namespace {

struct Listener {
  util::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;

  Listener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(::listen(socket.get(), 4) == 0);
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port = ntohs(address.sin_port);
  }
};

util::Fd connected_to_server() {
  util::Fd server{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = cluster().socket_directory() / (".s.PGSQL." + std::to_string(cluster().port()));
  REQUIRE(path.string().size() < sizeof address.sun_path);
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::connect(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return server;
}

bool pass_on(int from, int to) {
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(from, buffer.data(), buffer.size());
  return got > 0 && ::write(to, buffer.data(), static_cast<std::size_t>(got)) == got;
}

/// Passes one session on to the server. Later ones, a request to cancel among them, the kernel
/// accepts, and nobody answers.
void relay_first_session(int listener) {
  const util::Fd client{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
  const auto server = connected_to_server();
  for (;;) {
    std::array<pollfd, 2> both{pollfd{client.get(), POLLIN, 0}, pollfd{server.get(), POLLIN, 0}};
    if (::poll(both.data(), both.size(), -1) < 0) return;
    if (both[0].revents != 0 && !pass_on(client.get(), server.get())) return;
    if (both[1].revents != 0 && !pass_on(server.get(), client.get())) return;
  }
}

}  // namespace

TEST_CASE("an interrupt does not wait for a network that takes no request to cancel") {
  cluster();  // by this thread: the server ends with the one that started it
  const Listener listener;
  std::jthread relay{[&] { relay_first_session(listener.socket.get()); }};
  util::Interrupt interrupt;
  auto connection =
      pg::Connection::open(pg::Conninfo::parse("host=127.0.0.1 user=postgres dbname=postgres "
                                               "sslmode=disable gssencmode=disable "
                                               "application_name=unreachable")
                               .with("port", std::to_string(listener.port)),
                           interrupt);
  std::jthread asking{[&] {
    test::wait_until([] { return state_of("unreachable") == "active"; });
    interrupt.request(SIGTERM);
  }};
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(connection.exec("select pg_sleep(120)"), util::Error);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{60});
  CHECK_FALSE(connection.alive());
}

TEST_CASE("a server that accepts and never answers ends by connect_timeout") {
  // The kernel accepts into its backlog, and nobody says anything.
  const Listener listener;
  const auto conninfo = pg::Conninfo::parse("host=127.0.0.1 user=u dbname=d")
                            .with("port", std::to_string(listener.port));

  const util::Interrupt interrupt;
  const auto error = error_of<pg::DatabaseError>(
      [&] { pg::Connection::open(conninfo.with("connect_timeout", "1"), interrupt); });
  CHECK_THAT(error.message(), Catch::Contains("timeout expired"));

  SECTION("an interrupt ends the wait for it") {
    util::Interrupt asked;
    std::jthread later{[&] { asked.request(SIGINT); }};
    CHECK_THROWS_AS(pg::Connection::open(conninfo.with("connect_timeout", "60"), asked),
                    util::Error);
  }
  CHECK_THROWS_WITH(pg::Connection::open(conninfo.with("connect_timeout", "soon"), interrupt),
                    Catch::Contains("connect_timeout"));
}

TEST_CASE("an interrupt cancels the running statement on the server") {
  util::Interrupt interrupt;
  auto connection = pg::Connection::open(
      pg::Conninfo::parse(cluster().conninfo()).with("application_name", "sleeper"), interrupt);
  std::jthread asking{[&] {
    test::wait_until([] { return state_of("sleeper") == "active"; });
    interrupt.request(SIGTERM);
  }};
  try {
    connection.exec("select pg_sleep(600)");
    FAIL("the statement came to its end");
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::ErrorKind::interrupted);
    CHECK(error.signal() == SIGTERM);
  }
  // Cancelled, not abandoned: the session is idle by the time the error is out.
  CHECK(state_of("sleeper") == "idle");
  CHECK_THROWS_AS(connection.exec("select 1"), util::Error);
}

TEST_CASE("an interrupted transaction is rolled back at once") {
  cluster().psql("postgres", "create table if not exists locked (a int)");
  util::Interrupt interrupt;
  auto connection = connect(interrupt);
  {
    pg::Transaction transaction{connection};
    connection.exec("lock table locked in access exclusive mode");
    interrupt.request(SIGINT);
    CHECK_THROWS_AS(connection.exec("select 1"), util::Error);
  }
  CHECK(cluster().psql("postgres", "set lock_timeout = '5s'; select count(*) from locked") == "0");
}

TEST_CASE("a lost server is told apart from a refusal") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  const auto pid = std::string{connection.exec("select pg_backend_pid()").single()};
  SECTION("ended by an administrator in mid-statement") {
    std::jthread killer{[&] {
      test::wait_until([&] {
        return cluster().psql("postgres", "select count(*) from pg_stat_activity where pid = " +
                                              pid + " and state = 'active'") == "1";
      });
      cluster().psql("postgres", "select pg_terminate_backend(" + pid + ")");
    }};
    const auto error =
        error_of<pg::DatabaseError>([&] { connection.exec("select pg_sleep(600)"); });
    CHECK(error.connection_lost());
    CHECK(error.sqlstate() == "57P01");
  }
  SECTION("gone between two statements") {
    cluster().psql("postgres", "select pg_terminate_backend(" + pid + ", 5000)");
    CHECK(error_of<pg::DatabaseError>([&] { connection.exec("select 1"); }).connection_lost());
  }
  CHECK_FALSE(connection.alive());
  const auto after = error_of<pg::DatabaseError>([&] { connection.exec("select 1"); });
  CHECK(after.connection_lost());
  CHECK_THROWS_AS(connection.identifier("a"), util::Error);
}

TEST_CASE("a crash of the server is a lost connection") {
  Cluster fragile;
  const util::Interrupt interrupt;
  auto connection = pg::Connection::open(pg::Conninfo::parse(fragile.conninfo()), interrupt);
  std::jthread killer{[&] {
    test::wait_until([&] {
      return fragile.psql("postgres",
                          "select count(*) from pg_stat_activity where query like "
                          "'%pg_sleep(600)' and state = 'active'") == "1";
    });
    fragile.kill();
  }};
  const auto error = error_of<pg::DatabaseError>([&] { connection.exec("select pg_sleep(600)"); });
  CHECK(error.connection_lost());
  CHECK_THAT(error.hint(), Catch::Contains("restart or crash"));
}

TEST_CASE("transactions keep what was committed and nothing else") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  connection.exec("create temp table t (a int)");
  {
    pg::Transaction transaction{connection};
    connection.exec("insert into t values (1)");
    transaction.commit();
  }
  {
    pg::Transaction dropped{connection};
    connection.exec("insert into t values (2)");
  }
  {
    pg::Transaction broken{connection, "BEGIN ISOLATION LEVEL SERIALIZABLE"};
    CHECK_THROWS_AS(connection.exec("select 1/0"), pg::DatabaseError);
  }
  CHECK(connection.exec("select string_agg(a::text, ',') from t").single() == "1");
}

TEST_CASE("what the server has given up is not taken for committed") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  connection.exec("create temp table t (a int)");
  {
    pg::Transaction transaction{connection};
    connection.exec("insert into t values (1)");
    CHECK_THROWS_AS(connection.exec("select 1/0"), pg::DatabaseError);
    CHECK_THROWS_AS(transaction.commit(), util::Error);
  }
  CHECK(connection.exec("select count(*) from t").single() == "0");
}

TEST_CASE("rows are copied out one by one") {
  const util::Interrupt interrupt;
  auto connection = connect(interrupt);
  std::size_t rows = 0;
  std::size_t bytes = 0;
  connection.copy_out(
      "copy (select i, repeat('x', 100) from generate_series(1, 50000) i) to stdout",
      [&](std::string_view row) {
        ++rows;
        bytes += row.size();
        if (!row.ends_with('\n')) FAIL("a piece is not a row");
      });
  CHECK(rows == 50000);
  CHECK(bytes == 50000U * 102U + 238894U);

  SECTION("what the consumer throws ends it and the session stays usable") {
    CHECK_THROWS_WITH(
        connection.copy_out("copy (select generate_series(1, 100000000)) to stdout",
                            [](std::string_view) { throw std::runtime_error{"enough"}; }),
        "enough");
    CHECK(connection.exec("select 1").single() == "1");
  }
  SECTION("a statement that fails on the way is an error") {
    const auto error = error_of<pg::DatabaseError>([&] {
      connection.copy_out("copy (select 10 / (5 - i) from generate_series(1, 9) i) to stdout",
                          [](std::string_view) {});
    });
    CHECK(error.sqlstate() == "22012");
    CHECK(error_of<pg::DatabaseError>([&] {
            connection.copy_out("copy no_such_table to stdout", [](std::string_view) {});
          }).sqlstate() == "42P01");
    CHECK(connection.exec("select 1").single() == "1");
  }
  SECTION("another statement than COPY is a fault of the caller") {
    CHECK_THROWS_AS(connection.copy_out("select 1", [](std::string_view) {}), util::Error);
    CHECK_THROWS_AS(connection.exec("copy (select 1) to stdout"), util::Error);
    connection.exec("create temp table t (a int)");
    CHECK_THROWS_AS(connection.exec("copy t from stdin"), util::Error);
    CHECK_THROWS_AS(connection.copy_out("copy t from stdin", [](std::string_view) {}), util::Error);
    CHECK(connection.exec("select 2").single() == "2");
  }
}

TEST_CASE("an interrupt ends a COPY") {
  util::Interrupt interrupt;
  auto connection = connect(interrupt);
  CHECK_THROWS_AS(connection.copy_out("copy (select generate_series(1, 100000000)) to stdout",
                                      [&](std::string_view) { interrupt.request(SIGINT); }),
                  util::Error);
}
