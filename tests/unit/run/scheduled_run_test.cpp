#include "run/scheduled_run.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp;
using catalog::ScheduledRun;

namespace {

const ScheduledRun planned{"0a1b2c3d-0000-8000-8000-0123456789ab", 3,
                           util::parse_time("2026-11-27T02:00:00Z")};

struct Place {
  test::TemporaryDirectory directory;
  config::Config config;
  Place() {
    config.site = "studio";
    config.catalog.spool_directory = directory / "state/spool";
  }
};

}  // namespace

TEST_CASE("a process is told in its environment which run it is") {
  util::Environment environment;
  CHECK_FALSE(run::scheduled_run(environment));
  environment.set(run::scheduled_run_variable, run::to_text(planned));
  CHECK(run::scheduled_run(environment) == planned);
}

TEST_CASE("what names no run is refused, above all what would be another file") {
  const auto text =
      GENERATE("x", "../../etc/passwd 3 2026-11-27T02:00:00Z",
               "0a1b2c3d-0000-8000-8000-0123456789ab", "0a1b2c3d-0000-8000-8000-0123456789ab 3",
               "0a1b2c3d-0000-8000-8000-0123456789ab x 2026-11-27T02:00:00Z",
               "0a1b2c3d-0000-8000-8000-0123456789ab 3 yesterday",
               "0A1B2C3D-0000-8000-8000-0123456789AB 3 2026-11-27T02:00:00Z");
  util::Environment environment;
  environment.set(run::scheduled_run_variable, text);
  const auto error = test::error_of([&] { run::scheduled_run(environment); });
  CHECK(error.kind() == util::ErrorKind::usage);
  CHECK_THAT(error.message(), Catch::Matchers::Contains("BKP_SCHEDULED_RUN"));
}

TEST_CASE("a run is claimed once, and its claim is held as long as the process has it") {
  const Place place;
  const run::Claims claims{place.config};
  CHECK(claims.all().empty());
  CHECK_FALSE(claims.find(planned.run_key));
  {
    const auto held = claims.claim(planned);
    REQUIRE(held);
    CHECK_FALSE(claims.claim(planned));
    const auto found = claims.find(planned.run_key);
    REQUIRE(found);
    CHECK(found->run == planned);
    CHECK(found->held);
  }
  CHECK_FALSE(claims.claim(planned));
  REQUIRE(claims.all().size() == 1);
  CHECK_FALSE(claims.all().front().held);
  claims.forget(planned.run_key);
  CHECK(claims.claim(planned));
}
