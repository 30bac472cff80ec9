// What an interrupt ends, and what it leaves.
#include <sys/un.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "connected.hpp"
#include "silent_server.hpp"
#include "support/error_of.hpp"
#include "support/wait_until.hpp"
#include "util/error.hpp"

using namespace bkp;
using test::cluster;
using test::connect;
using test::error_of;

namespace {

/// Of the session that sleeps under this application name.
std::string state_of(const std::string& application) {
  return cluster().psql(
      "postgres", "select state from pg_stat_activity where application_name = '" + application +
                      "' and query like '%pg_sleep%'");
}

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
  const test::SilentServer network;
  std::jthread relay{[&] { relay_first_session(network.socket.get()); }};
  util::Interrupt interrupt;
  auto connection =
      pg::Connection::open(network.conninfo().with("application_name", "unreachable"), interrupt);
  std::jthread asking{[&] {
    test::wait_until([] { return state_of("unreachable") == "active"; });
    interrupt.request(SIGTERM);
  }};
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(connection.exec("select pg_sleep(120)"), util::Error);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{60});
  CHECK_FALSE(connection.alive());
}

TEST_CASE("an interrupt cancels the running statement on the server") {
  util::Interrupt interrupt;
  auto connection = pg::Connection::open(
      test::conninfo("postgres").with("application_name", "sleeper"), interrupt);
  std::jthread asking{[&] {
    test::wait_until([] { return state_of("sleeper") == "active"; });
    interrupt.request(SIGTERM);
  }};
  const auto error = error_of([&] { connection.exec("select pg_sleep(600)"); });
  CHECK(error.kind() == util::ErrorKind::interrupted);
  CHECK(error.signal() == SIGTERM);
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

TEST_CASE("an interrupt ends a COPY") {
  util::Interrupt interrupt;
  auto connection = connect(interrupt);
  CHECK_THROWS_AS(connection.copy_out("copy (select generate_series(1, 100000000)) to stdout",
                                      [&](std::string_view) { interrupt.request(SIGINT); }),
                  util::Error);
}
