#include "run/lock.hpp"

#include <unistd.h>
#include <catch2/catch.hpp>

#include <csignal>

#include "support/error_of.hpp"
#include "support/manual_clock.hpp"
#include "support/outside.hpp"
#include "support/shared_cluster.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait_until.hpp"
#include "util/error.hpp"

using namespace bkp;
using Catch::Matchers::Contains;
using run::LockMode;
using run::LockName;

namespace {

/// A host with its own state directory; several share the catalog's cluster.
struct Host {
  explicit Host(const std::string& catalog_database = "postgres") {
    config.site = "studio";
    config.cluster.conninfo = test::cluster().conninfo();
    config.catalog.conninfo = test::cluster().conninfo(catalog_database);
    config.catalog.spool_directory = directory / "state/spool";
  }

  run::SiteLock lock(LockName name, LockMode mode) { return {context, name, mode, "full"}; }

  util::Error refusal(LockName name, LockMode mode) {
    return test::error_of([&] { lock(name, mode); });
  }

  test::TemporaryDirectory directory;
  config::Config config;
  test::ManualClock clock;
  test::Outside outside;
  catalog::Recorder recorder{
      {{}, "bkp", directory / "state/spool"}, clock, outside.log, outside.interrupt};
  run::Context context = outside.context(config, clock, recorder);
};

}  // namespace

TEST_CASE("a second run on the host is told who holds the lock") {
  Host host;
  const auto held = host.lock(LockName::write, LockMode::exclusive);
  host.clock.advance(std::chrono::minutes{5});
  const auto error = host.refusal(LockName::write, LockMode::exclusive);
  CHECK(error.kind() == util::ErrorKind::locked);
  CHECK_THAT(error.message(), Contains("pid " + std::to_string(::getpid())) &&
                                  Contains("bkp full") && Contains("2026-11-21T02:00:00Z") &&
                                  Contains("5min ago"));
  CHECK_THAT(error.hint(), Contains("--lock-wait"));
}

TEST_CASE("a lock that was let go is free") {
  Host host;
  { const auto held = host.lock(LockName::write, LockMode::exclusive); }
  CHECK_NOTHROW(host.lock(LockName::write, LockMode::exclusive));
}

TEST_CASE("the two locks do not get in each other's way, and readers share") {
  Host host;
  const auto writer = host.lock(LockName::write, LockMode::exclusive);
  const auto reader = host.lock(LockName::read, LockMode::shared);
  const auto another = host.lock(LockName::read, LockMode::shared);
  CHECK(host.refusal(LockName::read, LockMode::exclusive).kind() == util::ErrorKind::locked);
}

TEST_CASE("a run on another host is found through the catalog's database") {
  Host here;
  Host there;
  const auto held = here.lock(LockName::write, LockMode::exclusive);
  const auto error = there.refusal(LockName::write, LockMode::exclusive);
  CHECK(error.kind() == util::ErrorKind::locked);
  CHECK_THAT(error.message(), Contains("bkp full pid " + std::to_string(::getpid())));
}

TEST_CASE("another site's lock is another lock") {
  Host here;
  Host there;
  there.config.site = "archive";
  const auto held = here.lock(LockName::write, LockMode::exclusive);
  CHECK_NOTHROW(there.lock(LockName::write, LockMode::exclusive));
}

TEST_CASE("with the catalog down the lock on the host still holds") {
  Host host{"no_such_database"};
  const auto held = host.lock(LockName::write, LockMode::exclusive);
  CHECK(host.refusal(LockName::write, LockMode::exclusive).kind() == util::ErrorKind::locked);
}

TEST_CASE("a server that ends idle sessions does not end the lock") {
  const auto database = test::fresh_database();
  test::cluster().psql("postgres",
                       "alter database " + database + " set idle_session_timeout = '50ms'");
  Host here{database};
  Host there{database};
  const auto held = here.lock(LockName::write, LockMode::exclusive);
  const auto idle = pg::Connection::open(test::conninfo(database), here.outside.interrupt);
  REQUIRE(test::wait_until([&] {
    return test::cluster().psql("postgres",
                                "select count(*) from pg_stat_activity where application_name = "
                                "'bkp' and datname = '" +
                                    database + "'") == "0";
  }));
  CHECK(there.refusal(LockName::write, LockMode::exclusive).kind() == util::ErrorKind::locked);
}

TEST_CASE("waiting ends when the time is over") {
  Host host;
  const auto held = host.lock(LockName::write, LockMode::exclusive);
  host.context.lock_wait = std::chrono::minutes{30};
  CHECK(host.refusal(LockName::write, LockMode::exclusive).kind() == util::ErrorKind::locked);
  CHECK(host.clock.slept() >= std::chrono::minutes{30});
  CHECK(host.clock.slept() < std::chrono::minutes{31});
}

TEST_CASE("waiting ends when the run is asked to end") {
  Host host;
  const auto held = host.lock(LockName::write, LockMode::exclusive);
  host.context.lock_wait = std::chrono::hours{1};
  host.outside.interrupt.request(SIGTERM);
  CHECK(host.refusal(LockName::write, LockMode::exclusive).kind() == util::ErrorKind::interrupted);
}

namespace {

/// Whoever sleeps finds the sessions of a database ended.
class SessionsEndClock final : public util::Clock {
 public:
  explicit SessionsEndClock(std::string database) : m_database{std::move(database)} {}
  util::Time now() const override { return m_clock.now(); }
  std::chrono::steady_clock::time_point steady() const override { return m_clock.steady(); }
  void sleep_for(std::chrono::nanoseconds duration) const override {
    m_clock.sleep_for(duration);
    test::cluster().psql("postgres",
                         "select pg_terminate_backend(pid, 5000) from pg_stat_activity where "
                         "datname = '" +
                             m_database + "'");
  }
  std::chrono::nanoseconds slept() const { return m_clock.slept(); }

 private:
  test::ManualClock m_clock;
  std::string m_database;
};

}  // namespace

TEST_CASE("a catalog that goes away while its lock is waited for stops nobody") {
  const auto database = test::fresh_database();
  Host there{database};
  const auto held = there.lock(LockName::write, LockMode::exclusive);
  const SessionsEndClock clock{database};
  Host here{database};
  const auto context = here.outside.context(here.config, clock, here.recorder);
  CHECK_NOTHROW(run::SiteLock{context, LockName::write, LockMode::exclusive, "full"});
  CHECK(clock.slept() > std::chrono::seconds{0});
}
