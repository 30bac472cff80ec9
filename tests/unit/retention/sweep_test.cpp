#include "retention/sweep.hpp"

#include <catch2/catch.hpp>

#include "backup/repository.hpp"
#include "offline_site.hpp"
#include "support/faulty_store.hpp"
#include "util/error.hpp"

using namespace bkp;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using retention::Candidate;
using test::dump;
using test::FaultyStore;
using test::k_now;

namespace {

retention::Plan plan_for(const std::vector<Candidate>& candidates) {
  auto policy = test::no_rules();
  policy.last = 1;
  return retention::make_plan(candidates, policy, k_now);
}

std::vector<Candidate> candidates_on(store::Store& store, const backup::Layout& layout) {
  std::vector<std::string> problems;
  std::vector<Candidate> candidates;
  for (const auto& stored : backup::scan_store(store, layout, problems)) {
    const auto record = backup::to_record(stored, layout, "local", store.url());
    candidates.push_back(retention::candidate_on(record, "local").value());
  }
  REQUIRE(problems.empty());
  return candidates;
}

struct Filled {
  Candidate newest = dump(1h);
  Candidate middle = dump(2h);
  Candidate oldest = dump(3h);
  std::vector<Candidate> all{newest, middle, oldest};
  test::OfflineSite site;

  Filled() {
    for (const auto& candidate : all) site.add(candidate);
    store::put_text(site.store(), site.layout().runbook(), "<html>");
    backup::write_mark(site.store(), site.layout(), oldest.label, "verified", k_now - 1h,
                       {{"level", "restore"}});
  }

  void hold(const Candidate& candidate) {
    backup::write_mark(site.store(), site.layout(), candidate.label, "held", k_now,
                       {{"until", util::format_rfc3339(k_now + 24h)}, {"reason", "audit"}});
  }

  retention::Swept sweep(const retention::Plan& plan) {
    retention::Swept swept;
    retention::sweep(site.context(), site.named(), site.layout(), plan, swept);
    return swept;
  }
};

/// What is left when everything went as planned, with newest kept by rule and oldest as the last
/// verified one.
std::vector<std::string> expected_keys(const Filled& filled) {
  std::vector<std::string> keys;
  for (const auto& key : filled.site.keys()) {
    if (key.find(filled.middle.label) == key.npos) keys.push_back(key);
  }
  return keys;
}

}  // namespace

TEST_CASE("a sweep removes all objects of what goes, and nothing else") {
  Filled filled;
  const auto expected = expected_keys(filled);
  const auto plan = plan_for(candidates_on(filled.site.store(), filled.site.layout()));
  const auto manifest_size =
      filled.site.store().stat(filled.site.layout().manifest(filled.middle.label))->size;
  const auto swept = filled.sweep(plan);
  CHECK(filled.site.keys() == expected);
  CHECK(swept.removed == std::vector<std::string>{filled.middle.label});
  CHECK(swept.freed.bytes == 20 + manifest_size);
  CHECK(swept.freed.objects == 3);
  CHECK(swept.spared.empty());
  CHECK(filled.site.recorded("copy_purged") == 1);
  CHECK(filled.site.recorded("audited") == 1);
}

TEST_CASE("a hold set after the plan was made wins") {
  Filled filled;
  const auto plan = plan_for(candidates_on(filled.site.store(), filled.site.layout()));
  filled.hold(filled.middle);
  const auto before = filled.site.keys();
  const auto swept = filled.sweep(plan);
  CHECK(filled.site.keys() == before);
  CHECK(swept.removed.empty());
  REQUIRE(swept.spared.size() == 1);
  CHECK(swept.spared[0].label == filled.middle.label);
  CHECK(swept.spared[0].reason == "held until 2026-11-21T12:30:00Z: audit");
}

TEST_CASE("what a backup spared at the last moment is built on is spared too") {
  Filled filled;
  filled.middle.parent_label = filled.oldest.label;
  const auto plan = plan_for({filled.newest, filled.middle, filled.oldest});
  REQUIRE(retention::total_of(plan, retention::Action::remove).backups == 2);
  filled.hold(filled.middle);
  const auto swept = filled.sweep(plan);
  CHECK(swept.removed.empty());
  REQUIRE(swept.spared.size() == 2);
  CHECK(swept.spared[1].label == filled.oldest.label);
  CHECK(swept.spared[1].reason == "needed by " + filled.middle.label);
}

TEST_CASE("a backup with marks that cannot be read is spared") {
  Filled filled;
  const auto plan = plan_for(candidates_on(filled.site.store(), filled.site.layout()));
  store::put_text(filled.site.store(), filled.site.layout().marks(filled.middle.label) / "x.json",
                  "no JSON");
  const auto swept = filled.sweep(plan);
  CHECK(swept.removed.empty());
  REQUIRE(swept.spared.size() == 1);
  CHECK_THAT(swept.spared[0].reason, Contains("it may be held: "));
}

TEST_CASE("after a crash anywhere, no half a backup is listed, and a second run ends the same") {
  using Operation = FaultyStore::Operation;
  const auto operation = GENERATE(Operation::list, Operation::fetch, Operation::remove);
  const auto when = GENERATE(FaultyStore::When::before, FaultyStore::When::after);
  bool completed = false;
  int crashes = 0;
  for (int nth = 1; !completed; ++nth) {
    INFO("operation " << nth);
    REQUIRE(nth < 100);
    Filled filled;
    const auto expected = expected_keys(filled);
    FaultyStore faulty{filled.site.store()};
    const run::NamedStore named{"local", true,
                                std::shared_ptr<store::Store>{&faulty, [](auto*) {}}};
    const auto prune = [&] {
      retention::Swept swept;
      const auto plan = plan_for(candidates_on(faulty, filled.site.layout()));
      retention::sweep(filled.site.context(), named, filled.site.layout(), plan, swept);
      backup::clear_remains(faulty, filled.site.layout(),
                            [](const auto&) { return backup::Remains::of_nobody; });
    };
    faulty.fail_at(operation, nth, when);
    try {
      prune();
      completed = true;
    } catch (const util::Error& error) {
      REQUIRE(error.kind() == util::ErrorKind::store);
      ++crashes;
    }
    // Whatever still has a manifest has all its parts.
    for (const auto& candidate : candidates_on(filled.site.store(), filled.site.layout())) {
      for (const auto* part : {"dump.pgc.zst", "globals.sql.zst"}) {
        REQUIRE(filled.site.store().stat(filled.site.layout().part(candidate.label, part)));
      }
    }
    faulty.restart();
    prune();
    REQUIRE(filled.site.keys() == expected);
  }
  CHECK(crashes >= 3);
}
