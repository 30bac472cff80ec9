#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "retention/plan.hpp"
#include "support/histories.hpp"

using namespace bkp;
using retention::Action;
using retention::Candidate;
using retention::Plan;
using retention::State;
using test::k_now;
using test::survivors;

namespace {

constexpr unsigned k_histories = 120;

std::set<std::string> labels(const std::vector<Candidate>& candidates) {
  std::set<std::string> names;
  for (const auto& candidate : candidates) names.insert(candidate.label);
  return names;
}

using Series = std::pair<std::string, std::optional<std::string>>;

Series series_of(const Candidate& candidate) {
  return {candidate.backup_type + candidate.method, candidate.database_name};
}

/// The newest of a series that is not from the future and passes `test`.
template <class Test>
const Candidate* newest(const std::vector<Candidate>& all, const Series& series, Test test) {
  const Candidate* found = nullptr;
  for (const auto& candidate : all) {
    if (series_of(candidate) != series || candidate.started_at > k_now || !test(candidate))
      continue;
    if (found == nullptr || std::tie(candidate.started_at, candidate.label) >
                                std::tie(found->started_at, found->label)) {
      found = &candidate;
    }
  }
  return found;
}

void check_promises(const std::vector<Candidate>& all, const std::vector<Candidate>& kept) {
  const auto stays = labels(kept);
  for (const auto& candidate : all) {
    INFO(candidate.label);
    const auto series = series_of(candidate);
    const auto* good = newest(
        all, series, [](const auto& one) { return one.state == State::good && !one.doubted; });
    if (good != nullptr) REQUIRE(stays.contains(good->label));
    const auto* verified = newest(
        all, series, [](const auto& one) { return one.state == State::good && one.verified; });
    if (verified != nullptr) REQUIRE(stays.contains(verified->label));
    if (candidate.held_until > k_now || candidate.state == State::running ||
        candidate.started_at > k_now) {
      REQUIRE(stays.contains(candidate.label));
    }
    if (!stays.contains(candidate.label)) continue;
    if (candidate.parent_label) REQUIRE(stays.contains(*candidate.parent_label));
    if (candidate.state != State::good || candidate.verified) continue;
    const auto* before = newest(all, series, [&](const auto& one) {
      return one.verified && one.started_at < candidate.started_at;
    });
    if (before != nullptr && candidate.started_at <= k_now) REQUIRE(stays.contains(before->label));
  }
}

using Change = std::function<void(config::RetentionPolicy&)>;

const std::vector<Change> k_raises = {
    [](auto& policy) { policy.last += 1; },
    [](auto& policy) { policy.hourly += 5; },
    [](auto& policy) { policy.daily += 1; },
    [](auto& policy) { policy.weekly += 2; },
    [](auto& policy) { policy.monthly += 1; },
    [](auto& policy) { policy.quarterly += 3; },
    [](auto& policy) { policy.yearly += 1; },
    [](auto& policy) { policy.within += std::chrono::hours{36}; },
};

}  // namespace

TEST_CASE("whatever the history and the policy, what must stay does") {
  for (unsigned seed = 0; seed < k_histories; ++seed) {
    INFO("seed " << seed);
    test::HistoryMaker maker{seed};
    const auto all = maker.history();
    const auto plan = retention::make_plan(all, maker.policy(), k_now);
    REQUIRE(plan.size() == all.size());
    for (const auto& decision : plan) REQUIRE_FALSE(decision.reasons.empty());
    check_promises(all, survivors(plan));
  }
}

TEST_CASE("planning again on what stays removes nothing") {
  for (unsigned seed = 0; seed < k_histories; ++seed) {
    INFO("seed " << seed);
    test::HistoryMaker maker{seed};
    const auto all = maker.history();
    const auto policy = maker.policy();
    const auto first = survivors(retention::make_plan(all, policy, k_now));
    const auto second = survivors(retention::make_plan(first, policy, k_now));
    REQUIRE(labels(first) == labels(second));
  }
}

TEST_CASE("a more generous policy never removes more") {
  for (unsigned seed = 0; seed < k_histories; ++seed) {
    INFO("seed " << seed);
    test::HistoryMaker maker{seed};
    const auto all = maker.history();
    const auto policy = maker.policy();
    auto generous = policy;
    k_raises[seed % k_raises.size()](generous);
    const auto few = labels(survivors(retention::make_plan(all, policy, k_now)));
    const auto many = labels(survivors(retention::make_plan(all, generous, k_now)));
    REQUIRE(std::includes(many.begin(), many.end(), few.begin(), few.end()));
  }
}

TEST_CASE("the histories are rich enough to prove anything") {
  std::size_t removed = 0;
  std::size_t total = 0;
  std::map<std::string, int> seen;
  for (unsigned seed = 0; seed < k_histories; ++seed) {
    test::HistoryMaker maker{seed};
    const auto plan = retention::make_plan(maker.history(), maker.policy(), k_now);
    total += plan.size();
    for (const auto& decision : plan) {
      if (decision.action == Action::remove) ++removed;
      for (const auto& reason : decision.reasons) ++seen[reason.substr(0, reason.find(' '))];
    }
  }
  CHECK(removed > total / 5);
  CHECK(removed < total * 4 / 5);
  for (const auto* word : {"last", "within", "hourly", "daily", "weekly", "monthly", "quarterly",
                           "yearly", "held", "needed", "still", "dated", "failed,", "newest"}) {
    INFO(word);
    CHECK(seen[word] > 0);
  }
}

TEST_CASE("seven years of hourly backups, pruned every week, end in the policy's shape") {
  using namespace std::chrono;
  const config::RetentionPolicy policy;
  std::vector<Candidate> stored;
  const auto begin = k_now - hours{24} * 365 * 7;
  util::Time now = begin;
  for (int hour = 0; now <= k_now; ++hour, now += hours{1}) {
    auto candidate = test::dump(duration_cast<seconds>(k_now - now));
    candidate.verified = hour % (24 * 7) == 3;
    stored.push_back(std::move(candidate));
    if (hour % (24 * 7) == 4)
      stored = survivors(retention::make_plan(std::move(stored), policy, now));
  }
  stored = survivors(retention::make_plan(std::move(stored), policy, k_now));

  const auto younger_than = [&](hours age) {
    return std::count_if(stored.begin(), stored.end(),
                         [&](const auto& candidate) { return k_now - candidate.started_at < age; });
  };
  CHECK(younger_than(hours{24}) == 24);
  CHECK(stored.size() >= 24 + 29 + 20 + 9 + 20);
  CHECK(stored.size() <= 2 * (24 + 30 + 26 + 12 + 28));
  CHECK(stored.back().started_at < k_now - hours{24} * 365 * 6);
  check_promises(stored, stored);
}
