#include "schedule/schedule_cache.hpp"

#include <catch2/catch.hpp>

#include <fstream>

#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp;
using schedule::Schedule;

TEST_CASE("schedules come back from the cache as they went") {
  const test::TemporaryDirectory directory;
  const auto path = directory / "schedules.json";
  CHECK_FALSE(schedule::read_cache(path));
  Schedule plain;
  plain.id = 1;
  plain.schedule = "0 2 * * *";
  plain.command = "full";
  Schedule rich = plain;
  rich.id = 2;
  rich.backup_type = "full";
  rich.destination = "vault";
  rich.retention_policy = {{"daily", 7}};
  rich.time_zone = "Europe/Berlin";
  rich.last_run_at = util::parse_time("2026-11-27T01:00:00Z");
  rich.next_run_at = util::parse_time("2026-11-28T01:00:00Z");
  rich.jitter = std::chrono::minutes{5};
  rich.catch_up = std::chrono::hours{6};
  const std::vector<Schedule> schedules{plain, rich};
  schedule::write_cache(path, schedules);
  CHECK(schedule::read_cache(path) == schedules);
}

TEST_CASE("a cache that bkp has not written is an error that says what to do") {
  const test::TemporaryDirectory directory;
  const auto path = directory / "schedules.json";
  const auto text = GENERATE("", "{}", "[1]", R"({"v": 2, "schedules": []})",
                             R"({"v": 1, "schedules": [{"id": "x"}]})", R"({"v": 1, "sche)");
  std::ofstream{path} << text;
  const auto error = test::error_of([&] { schedule::read_cache(path); });
  CHECK(error.kind() == util::ErrorKind::damaged);
  CHECK_THAT(error.hint(), Catch::Matchers::Contains("remove it"));
}
