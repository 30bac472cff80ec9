#include "retention/plan.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "backup/marks.hpp"
#include "support/histories.hpp"

using namespace bkp;
using namespace std::chrono_literals;
using Catch::Matchers::VectorContains;
using retention::Action;
using retention::Candidate;
using retention::State;
using test::dump;
using test::k_now;
using test::no_rules;

namespace {

constexpr auto k_day = std::chrono::hours{24};

const retention::Decision& decision_on(const retention::Plan& plan, const Candidate& candidate) {
  const auto found = std::find_if(plan.begin(), plan.end(), [&](const auto& decision) {
    return decision.candidate.label == candidate.label;
  });
  REQUIRE(found != plan.end());
  return *found;
}

bool keeps(const retention::Plan& plan, const Candidate& candidate) {
  return decision_on(plan, candidate).action == Action::keep;
}

std::vector<std::string> reasons(const retention::Plan& plan, const Candidate& candidate) {
  return decision_on(plan, candidate).reasons;
}

}  // namespace

TEST_CASE("a calendar rule keeps the newest backup of each bucket") {
  auto policy = no_rules();
  policy.daily = 3;
  const auto today = dump(1h);
  const auto today_earlier = dump(2h);
  const auto yesterday = dump(13h);
  const auto yesterday_earlier = dump(20h);
  const auto before_the_last = dump(3 * k_day);
  const auto plan = retention::make_plan(
      {before_the_last, yesterday_earlier, today, yesterday, today_earlier}, policy, k_now);

  CHECK(reasons(plan, today) ==
        std::vector<std::string>{"daily 1 of 3: newest of 2026-11-20",
                                 "last good full backup of database \"x121\""});
  CHECK_FALSE(keeps(plan, today_earlier));
  CHECK(reasons(plan, yesterday) == std::vector<std::string>{"daily 2 of 3: newest of 2026-11-19"});
  CHECK_FALSE(keeps(plan, yesterday_earlier));
  CHECK(reasons(plan, before_the_last) == std::vector<std::string>{"beyond every rule"});
}

TEST_CASE("decisions come newest first") {
  const auto plan = retention::make_plan({dump(3h), dump(1h), dump(2h)}, no_rules(), k_now);
  REQUIRE(plan.size() == 3);
  CHECK(plan[0].candidate.started_at > plan[1].candidate.started_at);
  CHECK(plan[1].candidate.started_at > plan[2].candidate.started_at);
}

TEST_CASE("days without a backup are not made up for by older ones") {
  auto policy = no_rules();
  policy.daily = 7;
  const auto newest = dump(5 * k_day);
  const auto older = dump(8 * k_day);
  const auto plan = retention::make_plan({newest, older}, policy, k_now);
  CHECK_THAT(reasons(plan, newest),
             VectorContains(std::string{"daily 6 of 7: newest of 2026-11-15"}));
  CHECK_FALSE(keeps(plan, older));
}

TEST_CASE("when backups stopped, the last good and the last verified one stay") {
  auto verified = dump(900 * k_day);
  verified.verified = true;
  const auto good = dump(800 * k_day);
  const auto between = dump(850 * k_day);
  auto policy = no_rules();
  policy.daily = 30;
  const auto plan = retention::make_plan({verified, good, between}, policy, k_now);
  CHECK(reasons(plan, good) ==
        std::vector<std::string>{"last good full backup of database \"x121\""});
  CHECK(reasons(plan, verified) ==
        std::vector<std::string>{"last verified full backup of database \"x121\""});
  CHECK_FALSE(keeps(plan, between));
}

TEST_CASE("last and within") {
  auto policy = no_rules();
  policy.last = 2;
  policy.within = 2 * k_day;
  const auto first = dump(1h);
  const auto second = dump(2 * k_day);
  const auto third = dump(2 * k_day + 1s);
  const auto plan = retention::make_plan({first, second, third}, policy, k_now);
  CHECK_THAT(reasons(plan, first), VectorContains(std::string{"last 1 of 2"}));
  CHECK(reasons(plan, second) == std::vector<std::string>{"last 2 of 2", "within 2d"});
  CHECK_FALSE(keeps(plan, third));
}

TEST_CASE("a busy database does not evict a quiet one") {
  auto policy = no_rules();
  policy.last = 1;
  const auto busy = dump(1h, "busy");
  const auto quiet = dump(100 * k_day, "quiet");
  auto base = dump(200 * k_day);
  base.database_name.reset();
  base.method = "base";
  const auto plan = retention::make_plan({busy, dump(2h, "busy"), quiet, base}, policy, k_now);
  CHECK(keeps(plan, busy));
  CHECK_THAT(reasons(plan, quiet), VectorContains(std::string{"last 1 of 1"}));
  CHECK_THAT(reasons(plan, base), VectorContains(std::string{"last good full base backup"}));
  CHECK(std::count_if(plan.begin(), plan.end(),
                      [](const auto& decision) { return decision.action == Action::remove; }) == 1);
}

TEST_CASE("a failed backup never stands for its bucket") {
  auto policy = no_rules();
  policy.daily = 1;
  auto failed = dump(1h);
  failed.state = State::failed;
  const auto good = dump(2h);
  auto failed_earlier = dump(3h);
  failed_earlier.state = State::failed;
  const auto plan = retention::make_plan({failed, good, failed_earlier}, policy, k_now);
  CHECK(reasons(plan, failed) == std::vector<std::string>{"failed, and no younger one is good"});
  CHECK_THAT(reasons(plan, good),
             VectorContains(std::string{"daily 1 of 1: newest of 2026-11-20"}));
  CHECK_FALSE(keeps(plan, failed_earlier));
  CHECK(reasons(plan, failed_earlier) ==
        std::vector<std::string>{"failed, and a younger one is good"});
}

TEST_CASE("a backup whose verification failed takes no sound one's place") {
  auto policy = no_rules();
  policy.daily = 1;
  auto doubted = dump(1h);
  doubted.doubted = true;
  const auto sound = dump(2h);
  const auto plan = retention::make_plan({doubted, sound, dump(3h)}, policy, k_now);
  CHECK(reasons(plan, sound) ==
        std::vector<std::string>{"daily 1 of 1: newest of 2026-11-20",
                                 "last good full backup of database \"x121\""});
  CHECK_THAT(reasons(plan, doubted),
             VectorContains(std::string{
                 "newest full backup of database \"x121\", though its verification failed"}));
  CHECK(std::count_if(plan.begin(), plan.end(),
                      [](const auto& decision) { return decision.action == Action::keep; }) == 2);
}

TEST_CASE("what is still running stays") {
  auto running = dump(100 * k_day);
  running.state = State::running;
  auto policy = no_rules();
  policy.last = 1;
  const auto plan = retention::make_plan({running, dump(1h)}, policy, k_now);
  CHECK(reasons(plan, running) == std::vector<std::string>{"still running"});
}

TEST_CASE("a backup from the future stays and takes nobody's place") {
  auto policy = no_rules();
  policy.daily = 1;
  policy.last = 1;
  const auto future = dump(-2h);
  const auto present = dump(1h);
  const auto plan = retention::make_plan({future, present}, policy, k_now);
  CHECK(reasons(plan, future) ==
        std::vector<std::string>{"dated 2026-11-20T14:30:00Z, after now: check the clocks"});
  CHECK(reasons(plan, present) ==
        std::vector<std::string>{"last 1 of 1", "daily 1 of 1: newest of 2026-11-20",
                                 "last good full backup of database \"x121\""});
}

TEST_CASE("holds") {
  auto policy = no_rules();
  policy.last = 1;
  auto held = dump(100 * k_day);
  held.held_until = k_now + 1h;
  held.hold_reason = "audit\n2026";
  auto forever = dump(101 * k_day);
  forever.held_until = catalog::forever;
  forever.hold_reason = "evidence";
  auto lapsed = dump(102 * k_day);
  lapsed.held_until = k_now;
  const auto plan = retention::make_plan({dump(1h), held, forever, lapsed}, policy, k_now);
  CHECK(reasons(plan, held) ==
        std::vector<std::string>{"held until 2026-11-20T13:30:00Z: audit\\x0a2026"});
  CHECK(reasons(plan, forever) == std::vector<std::string>{"held: evidence"});
  CHECK_FALSE(keeps(plan, lapsed));
}

TEST_CASE("what a kept backup is built on stays with it") {
  auto policy = no_rules();
  policy.last = 1;
  const auto make = [](std::chrono::seconds age, std::optional<std::string> parent) {
    auto candidate = dump(age, "");
    candidate.database_name.reset();
    candidate.backup_type = parent ? "incremental" : "full";
    candidate.method = parent ? "pages" : "base";
    candidate.parent_label = std::move(parent);
    return candidate;
  };
  const auto old_base = make(9 * k_day, std::nullopt);
  const auto base = make(8 * k_day, std::nullopt);
  const auto middle = make(7 * k_day, base.label);
  const auto youngest = make(6 * k_day, middle.label);
  const auto latest_base = make(5 * k_day, std::nullopt);
  const auto plan =
      retention::make_plan({old_base, base, middle, youngest, latest_base}, policy, k_now);
  CHECK_FALSE(keeps(plan, old_base));
  CHECK(reasons(plan, base) == std::vector<std::string>{"needed by " + middle.label});
  CHECK(reasons(plan, middle) == std::vector<std::string>{"needed by " + youngest.label});
  CHECK(keeps(plan, youngest));
}

TEST_CASE("for a backup that stays, the configuration of that time stays") {
  auto policy = no_rules();
  policy.last = 1;
  const auto exported = [](std::chrono::seconds age) {
    auto candidate = dump(age);
    candidate.label += "-config";
    candidate.backup_type = "config";
    candidate.method = "archive";
    candidate.database_name.reset();
    return candidate;
  };
  const auto too_old = exported(50 * k_day);
  const auto of_its_time = exported(40 * k_day);
  const auto between = exported(20 * k_day);
  auto broken = exported(31 * k_day);
  broken.state = State::failed;
  const auto newest = exported(10 * k_day);
  auto held = dump(30 * k_day);
  held.held_until = catalog::forever;
  const auto now = dump(1h);
  const auto plan = retention::make_plan({too_old, of_its_time, between, broken, newest, held, now},
                                         policy, k_now);
  CHECK(reasons(plan, of_its_time) ==
        std::vector<std::string>{"the configuration of " + held.label});
  CHECK_FALSE(keeps(plan, too_old));
  CHECK_FALSE(keeps(plan, between));
  CHECK_FALSE(keeps(plan, broken));
  CHECK(reasons(plan, newest) == std::vector<std::string>{"last 1 of 1",
                                                          "last good config archive backup",
                                                          "the configuration of " + now.label});
}

TEST_CASE("the backup stays from which any time within wal is reached") {
  auto policy = no_rules();
  policy.daily = 2;
  policy.wal = 14 * k_day;
  const auto base = [](std::chrono::seconds age) {
    auto made = dump(age, "");
    made.method = "base";
    made.database_name.reset();
    made.wal = backup::WalNeed{1, {1}, {2}};
    return made;
  };
  const auto newest = base(1h);
  const auto young = base(13 * k_day);
  const auto old = base(15 * k_day);
  const auto older = base(16 * k_day);
  const auto why = std::vector<std::string>{"any time within wal 14d is reached from it"};

  auto plan = retention::make_plan({newest, young, old, older}, policy, k_now);
  CHECK(reasons(plan, old) == why);
  CHECK_FALSE(keeps(plan, young));
  CHECK_FALSE(keeps(plan, older));

  plan = retention::make_plan({newest, base(2h), base(3h), young}, policy, k_now);
  CHECK(reasons(plan, young) == why);

  SECTION("not one that is doubted, nor a dump") {
    auto doubted = old;
    doubted.doubted = true;
    const auto plain = dump(15 * k_day, "x121");
    plan = retention::make_plan({newest, doubted, older, plain, dump(1h)}, policy, k_now);
    CHECK(reasons(plan, older) == why);
    CHECK_FALSE(keeps(plan, doubted));
    CHECK_FALSE(keeps(plan, plain));
  }
  SECTION("with what it is built on") {
    auto child = old;
    child.label += "-incr";
    child.backup_type = "incremental";
    child.method = "pages";
    child.parent_label = older.label;
    plan = retention::make_plan({newest, child, older}, policy, k_now);
    CHECK(keeps(plan, older));
    auto bad = older;
    bad.doubted = true;
    const auto oldest = base(17 * k_day);
    plan = retention::make_plan({newest, child, bad, oldest}, policy, k_now);
    CHECK(reasons(plan, oldest) == why);
    // It is the last one of its kind, but nothing is reached from it.
    CHECK_THAT(reasons(plan, child), !VectorContains(why.front()));
  }
}

TEST_CASE("parents that name each other do no harm") {
  auto one = dump(1h);
  auto other = dump(2h);
  one.parent_label = other.label;
  other.parent_label = one.label;
  const auto plan = retention::make_plan({one, other}, no_rules(), k_now);
  CHECK(keeps(plan, one));
  CHECK(keeps(plan, other));
}

TEST_CASE("an unverified backup that stays keeps the last verified one before it") {
  auto policy = no_rules();
  policy.monthly = 12;
  auto proven = dump(25 * k_day);
  proven.verified = true;
  auto proven_earlier = dump(26 * k_day);
  proven_earlier.verified = true;
  const auto hope = dump(20 * k_day);  // newest of October
  auto proven_later = dump(2 * k_day);
  proven_later.verified = true;
  const auto plan =
      retention::make_plan({proven, proven_earlier, hope, proven_later}, policy, k_now);
  CHECK_THAT(reasons(plan, hope),
             VectorContains(std::string{"monthly 2 of 12: newest of 2026-10"}));
  CHECK_THAT(reasons(plan, proven),
             VectorContains("last verified one before the unverified " + hope.label));
  CHECK_FALSE(keeps(plan, proven_earlier));
}

TEST_CASE("a policy without a rule keeps every good backup") {
  auto failed = dump(40 * k_day);
  failed.state = State::failed;
  const auto old = dump(4000 * k_day);
  const auto plan = retention::make_plan({dump(1h), old, failed}, no_rules(), k_now);
  CHECK(reasons(plan, old) == std::vector<std::string>{"the policy has no rule: everything stays"});
  CHECK_FALSE(keeps(plan, failed));
}

TEST_CASE("hostile names are made printable in reasons") {
  const auto plan = retention::make_plan({dump(1h, "a\nb\x1b[2J")}, no_rules(), k_now);
  CHECK_THAT(plan.at(0).reasons,
             VectorContains(std::string{R"(last good full backup of database "a\x0ab\x1b[2J")"}));
}

TEST_CASE("a candidate is what the catalog says of the copy on one store") {
  catalog::BackupRecord record;
  record.label = "L";
  record.status = catalog::status::partial;
  for (const auto* state : {"completed", "failed", "purged"}) {
    auto& copy = record.copies.emplace_back();
    copy.store = state;
    copy.state = state;
    copy.size_bytes = 7;
  }
  REQUIRE(retention::candidate_on(record, "completed"));
  CHECK(retention::candidate_on(record, "completed")->state == State::good);
  CHECK(retention::candidate_on(record, "completed")->size_bytes == 7);
  REQUIRE(retention::candidate_on(record, "failed"));
  CHECK(retention::candidate_on(record, "failed")->state == State::failed);
  CHECK_FALSE(retention::candidate_on(record, "purged"));
  CHECK_FALSE(retention::candidate_on(record, "elsewhere"));
  record.verified_at = k_now;
  CHECK(retention::candidate_on(record, "completed")->doubted);
  record.status = catalog::status::running;
  CHECK(retention::candidate_on(record, "completed")->state == State::running);
}

TEST_CASE("a damaged copy counts on its own store only") {
  catalog::BackupRecord record;
  record.label = "L";
  record.status = catalog::status::completed;
  record.verified = true;
  record.verified_at = k_now;
  for (const auto* store : {"sound", "damaged"}) {
    auto& copy = record.copies.emplace_back();
    copy.store = store;
    copy.state = catalog::status::completed;
  }
  record.copies[1].error_message = "bytes differ";
  CHECK(retention::candidate_on(record, "sound")->verified);
  CHECK_FALSE(retention::candidate_on(record, "sound")->doubted);
  CHECK_FALSE(retention::candidate_on(record, "damaged")->verified);
  CHECK(retention::candidate_on(record, "damaged")->doubted);
}
