#include "command/prune.hpp"

#include <catch2/catch.hpp>

#include "backup/marks.hpp"
#include "command/store_candidates.hpp"
#include "command/store_prune.hpp"
#include "support/error_of.hpp"
#include "unit/retention/offline_site.hpp"
#include "util/text.hpp"

using namespace bkp;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using test::dump;
using test::k_now;

namespace {

/// A site with three backups and a policy that keeps one.
struct Prunable {
  test::OfflineSite site;
  retention::Candidate newest = dump(1h);
  retention::Candidate middle = dump(2h);
  retention::Candidate oldest = dump(3h);
  command::KnownBackups known;
  config::RetentionPolicy policy = test::no_rules();

  Prunable() {
    policy.last = 1;
    site.prepare();
    for (const auto& candidate : {newest, middle, oldest}) site.add(candidate);
  }

  command::StorePrune prune() {
    command::StorePrune result;
    result.name = "local";
    result.policy = policy;
    command::prune_store(site.context(), site.named(), known, result);
    return result;
  }

  bool has(const retention::Candidate& candidate) {
    return site.store().stat(site.layout().manifest(candidate.label)).has_value();
  }

  catalog::BackupRecord& know(const retention::Candidate& candidate, const std::string& state) {
    auto& record = known.backups.emplace_back();
    record.label = candidate.label;
    record.backup_type = "full";
    record.method = "dump";
    record.database_name = "x121";
    record.status = state;
    record.started_at = candidate.started_at;
    auto& copy = record.copies.emplace_back();
    copy.store = "local";
    copy.state = state;
    return record;
  }
};

}  // namespace

TEST_CASE("prune works from the store alone") {
  Prunable prunable;
  const auto result = prunable.prune();
  CHECK(prunable.has(prunable.newest));
  CHECK_FALSE(prunable.has(prunable.middle));
  CHECK_FALSE(prunable.has(prunable.oldest));
  CHECK(result.swept.removed.size() == 2);
  REQUIRE(result.usage);
  CHECK(result.usage->objects == 4);
}

TEST_CASE("a dry run changes nothing") {
  Prunable prunable;
  prunable.site.context().dry_run = true;
  const auto before = prunable.site.keys();
  const auto result = prunable.prune();
  CHECK(prunable.site.keys() == before);
  CHECK(retention::total_of(result.plan, retention::Action::remove).backups == 2);
  CHECK(prunable.site.recorded("copy_purged") == 0);
  CHECK(prunable.site.recorded("usage_sampled") == 0);
}

TEST_CASE("a hold or a verification that only the catalog knows counts") {
  Prunable prunable;
  auto& held = prunable.know(prunable.middle, "completed");
  held.held_until = catalog::forever;
  held.hold_reason = "audit";
  auto& verified = prunable.know(prunable.oldest, "completed");
  verified.verified = true;
  verified.verified_at = k_now - 1h;
  prunable.prune();
  CHECK(prunable.has(prunable.middle));
  CHECK(prunable.has(prunable.oldest));
}

TEST_CASE("a parent that only the catalog knows counts") {
  Prunable prunable;
  prunable.know(prunable.newest, "completed").parent_label = prunable.oldest.label;
  prunable.prune();
  CHECK(prunable.has(prunable.oldest));
  CHECK_FALSE(prunable.has(prunable.middle));
}

TEST_CASE("failed backups of the catalog are in the plan") {
  Prunable prunable;
  prunable.know(dump(90min), "failed");
  prunable.know(dump(30min), "failed");
  const auto result = prunable.prune();
  REQUIRE(result.plan.size() == 5);
  CHECK(result.plan[0].action == retention::Action::keep);
  CHECK(result.plan[2].reasons == std::vector<std::string>{"failed, and a younger one is good"});
}

TEST_CASE("a copy the store has lost is taken out of the catalog, with a warning") {
  Prunable prunable;
  const auto lost = dump(5h);
  prunable.know(lost, "completed");
  const auto result = prunable.prune();
  CHECK(result.vanished == std::vector<std::string>{lost.label});
  CHECK(prunable.site.recorded("prune.vanished") == 1);
  CHECK_THAT(prunable.site.context().warnings.at(0), Contains(lost.label));
}

TEST_CASE("a store that is empty where the catalog names backups is not believed") {
  test::OfflineSite site;
  site.prepare();
  Prunable prunable;
  prunable.know(prunable.newest, "completed");
  command::StorePrune result;
  result.name = "local";
  result.policy = prunable.policy;
  const auto error = test::error_of(
      [&] { command::prune_store(site.context(), site.named(), prunable.known, result); });
  CHECK(error.kind() == util::ErrorKind::store);
  CHECK_THAT(error.message(), Contains("holds none of the 1 backups"));
  CHECK_THAT(error.hint(), Contains("`bkp full`"));
  CHECK(site.recorded("copy_purged") == 0);
  site.add(dump(1min));
  command::prune_store(site.context(), site.named(), prunable.known, result);
  CHECK(result.vanished == std::vector<std::string>{prunable.newest.label});
}

TEST_CASE("a store without the site is not pruned, with or without a catalog") {
  test::OfflineSite site;
  Prunable prunable;
  command::StorePrune result;
  result.name = "local";
  result.policy = prunable.policy;
  command::KnownBackups nothing;
  CHECK_THROWS_WITH(command::prune_store(site.context(), site.named(), nothing, result),
                    Contains("holds no site"));
}

TEST_CASE("a check of the copy that only the catalog knows counts") {
  Prunable prunable;
  auto& known = prunable.know(prunable.oldest, "completed");
  known.verified = true;
  known.verified_at = k_now - 1h;
  known.copies.at(0).error_message = "bytes differ";
  known.copies.at(0).last_checked_at = k_now - 30min;
  prunable.prune();
  CHECK_FALSE(prunable.has(prunable.oldest));
}

TEST_CASE("a damaged manifest is left alone and reported") {
  Prunable prunable;
  const auto key = prunable.site.layout().manifest(prunable.middle.label);
  prunable.site.store().remove(key);
  store::put_text(prunable.site.store(), key, "{}");
  const auto result = prunable.prune();
  CHECK(prunable.has(prunable.middle));
  CHECK(result.plan.size() == 2);
  CHECK_THAT(prunable.site.context().warnings.at(0), Contains("left alone on store \"local\""));
}

TEST_CASE("nothing goes on account of a backup whose manifest is gone, whatever the catalog says") {
  Prunable prunable;
  for (const auto& one : {prunable.newest, prunable.middle, prunable.oldest}) {
    prunable.know(one, "completed");
  }
  prunable.site.store().remove(prunable.site.layout().manifest(prunable.newest.label));
  const auto result = prunable.prune();
  CHECK(prunable.has(prunable.middle));
  CHECK_FALSE(prunable.has(prunable.oldest));
  CHECK(result.vanished.empty());
  CHECK(prunable.site.store().stat(
      prunable.site.layout().part(prunable.newest.label, "dump.pgc.zst")));
}

TEST_CASE("a failed verification that only the store knows of counts") {
  Prunable prunable;
  for (const auto& one : {prunable.newest, prunable.middle, prunable.oldest}) {
    prunable.know(one, "completed");
  }
  backup::write_mark(prunable.site.store(), prunable.site.layout(), prunable.newest.label, "failed",
                     k_now, {{"level", "restore"}});
  prunable.prune();
  CHECK(prunable.has(prunable.newest));
  CHECK(prunable.has(prunable.middle));
}

TEST_CASE("what was spared at the last moment is kept in the plan that is shown") {
  Prunable prunable;
  backup::write_mark(prunable.site.store(), prunable.site.layout(), prunable.middle.label, "held",
                     k_now, {{"until", util::format_rfc3339(k_now + 1h)}, {"reason", "audit"}});
  const auto result = prunable.prune();
  CHECK(retention::total_of(result.plan, retention::Action::remove).backups == 1);
  CHECK(prunable.has(prunable.middle));
}

TEST_CASE("the newer verification and the longer hold count") {
  catalog::BackupRecord stored;
  stored.verified = true;
  stored.verified_at = k_now - 2h;
  stored.held_until = k_now + 2h;
  stored.hold_reason = "mark";
  catalog::BackupRecord known;
  known.id = 17;
  known.verified_at = k_now - 1h;
  known.held_until = k_now + 1h;
  auto result = command::merged(stored, known);
  CHECK(result.id == 17);
  CHECK_FALSE(result.verified);
  CHECK(result.held_until == k_now + 2h);
  CHECK(result.hold_reason == "mark");
  known.verified_at = k_now - 3h;
  known.held_until = k_now + 3h;
  known.hold_reason = "catalog";
  result = command::merged(stored, known);
  CHECK(result.verified);
  CHECK(result.hold_reason == "catalog");
}

TEST_CASE("the plan for people has a line a backup") {
  auto policy = test::no_rules();
  policy.last = 1;
  const auto plan = retention::make_plan({dump(1h), dump(2h)}, policy, k_now);
  const auto text = command::plan_text(plan, k_now, 0);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  CHECK_THAT(text, Contains("keep ") && Contains("last 1 of 1; last good full backup"));
  CHECK_THAT(text, Contains("remove") && Contains("beyond every rule"));
}

TEST_CASE("on a terminal every reason of the plan is there, in lines that fit") {
  auto policy = test::no_rules();
  policy.last = 1;
  policy.daily = 30;
  policy.monthly = 12;
  const auto text = command::plan_text(retention::make_plan({dump(1h)}, policy, k_now), k_now, 80);
  std::string joined;
  for (const auto line : util::split_lines(text)) {
    CHECK(line.size() <= 80);
    joined += std::string{line.substr(std::min(line.find_first_not_of(' '), line.size()))} + " ";
  }
  CHECK(joined.find("…") == joined.npos);
  CHECK_THAT(joined, Contains("monthly 1 of 12"));
}
