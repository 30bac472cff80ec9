#include <algorithm>
#include <functional>

#include <catch2/catch.hpp>

#include "backup/marks.hpp"
#include "command/full.hpp"
#include "command/hold.hpp"
#include "command/init.hpp"
#include "command/list.hpp"
#include "command/prune.hpp"
#include "command/release.hpp"
#include "command/show.hpp"
#include "run/lock.hpp"
#include "store/store.hpp"
#include "util/error.hpp"

namespace bkp::command {

/// A command of the test's own, that does something while it holds the read lock. Known before the
/// bench, which finds commands by the type of their options.
struct LockedOptions {
  static constexpr cli::CommandInfo info{.name = "verify", .summary = "hold the read lock"};
  run::LockMode mode;
  std::function<void()> body;
};

static cli::Report run(const LockedOptions& options, run::Context& context) {
  const run::SiteLock lock{context, run::LockName::read, options.mode, "verify"};
  options.body();
  return {};
}

}  // namespace bkp::command

#include "command_bench.hpp"
#include "support/error_of.hpp"
#include "support/open_store.hpp"

using namespace bkp;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::CommandBench;
using test::error_of;

namespace {

const backup::Layout k_layout{"studio"};

std::shared_ptr<store::Store> open(CommandBench& bench, const std::string& name) {
  return test::open_store("file://" + bench.store_directory(name).string(),
                          store::OpenMode::existing);
}

/// A bench with real backups on both stores, whose policies keep one.
struct Retained {
  CommandBench bench;
  std::vector<std::string> labels;  ///< oldest first

  explicit Retained(int backups = 3) {
    bench.run(command::InitOptions{});
    for (auto& store : bench.config().stores) {
      store.retention = {};
      store.retention.hourly = store.retention.daily = store.retention.weekly = 0;
      store.retention.monthly = store.retention.quarterly = 0;
      store.retention.last = 1;
    }
    for (int i = 0; i < backups; ++i) {
      const auto full = bench.run(command::FullOptions{});
      REQUIRE_FALSE(full.error);
      labels.push_back(full.result.at("backups").at(0).at("label"));
    }
  }

  json prune(bool dry_run = false) {
    const auto report = bench.run(command::PruneOptions{}, dry_run);
    INFO(report.text);
    REQUIRE_FALSE(report.error);
    return report.result;
  }
  bool has(const std::string& store, const std::string& label) {
    return open(bench, store)->stat(k_layout.manifest(label)).has_value();
  }
  bool has_objects(const std::string& store, const std::string& label) {
    return !open(bench, store)->list(k_layout.backup(label)).empty();
  }
  std::vector<std::string> listed(const command::ListOptions& options = {}) {
    std::vector<std::string> found;
    const auto report = bench.run(options);
    for (const auto& backup : report.result.at("backups")) found.push_back(backup["label"]);
    return found;
  }
  std::string state(const std::string& label, const std::string& store) {
    return bench.catalog_sql(
        "select c.state from backup_copies c join backups b on b.id = backup_id "
        "where label = '" +
        label + "' and store = '" + store + "'");
  }
};

command::HoldOptions hold_of(const std::string& id) {
  command::HoldOptions options;
  options.backup.id = id;
  options.reason = "audit 2026";
  return options;
}

command::ReleaseOptions release_of(const std::string& id) {
  command::ReleaseOptions options;
  options.backup.id = id;
  return options;
}

}  // namespace

TEST_CASE("prune plans without a change, then removes files and marks rows") {
  Retained site;
  const auto planned = site.prune(true);
  CHECK(planned.at("plan").size() == 6);
  for (const auto& label : site.labels) CHECK(site.has("local", label));

  const auto pruned = site.prune();
  CHECK(pruned.at("plan") == planned.at("plan"));
  CHECK(pruned.at("bytes_freed").get<int>() > 0);
  for (const auto* store : {"local", "second"}) {
    CHECK(site.has(store, site.labels[2]));
    CHECK(open(site.bench, store)->list(k_layout.backup(site.labels[0])).empty());
    CHECK(open(site.bench, store)->list(k_layout.backup(site.labels[1])).empty());
  }
  CHECK(site.listed() == std::vector<std::string>{site.labels[2]});
  command::ListOptions purged;
  purged.status = "purged";
  CHECK(site.listed(purged).size() == 2);
  CHECK(site.bench.catalog_sql("select count(*) from backups where purged_at is not null") == "2");
  CHECK(site.bench.catalog_sql("select count(*) from audit_log where action = 'prune'") == "4");
  CHECK(site.bench.catalog_sql("select count(distinct store) from store_usage u join runs r on "
                               "r.id = u.run_id where r.command = 'prune'") == "2");

  const auto again = site.prune();
  CHECK(again.at("plan").size() == 2);
  CHECK(again.at("bytes_freed") == 0);
}

TEST_CASE("uploads that dead writers left are listed, and removed") {
  Retained site{1};
  const std::string key = "studio/backups/.bkp-0123456789abcdef";
  const auto file = site.bench.store_directory("second") / key;
  test::write_text(file, "debris");
  const auto unfinished = [](const json& result) {
    json keys;
    for (const auto& store : result.at("stores")) keys[store.at("store")] = store.at("unfinished");
    return keys;
  };
  const json expected{{"local", json::array()}, {"second", {key}}};
  CHECK(unfinished(site.prune(true)) == expected);
  CHECK(std::filesystem::exists(file));
  CHECK(unfinished(site.prune()) == expected);
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("what a killed push left goes when it is a day old, and not before") {
  Retained site{1};
  const auto wal = site.bench.store_directory("second") / "studio/wal/00000001/00000000";
  const auto old = wal / ".bkp-0123456789abcdef";
  const auto young = wal / ".bkp-0123456789abcdee";
  std::filesystem::create_directories(wal);
  test::write_text(old, "debris");
  test::write_text(young, "in the making");
  std::filesystem::last_write_time(
      old, std::filesystem::file_time_type::clock::now() - std::chrono::hours{25});
  site.prune(true);
  CHECK(std::filesystem::exists(old));
  site.prune();
  CHECK_FALSE(std::filesystem::exists(old));
  CHECK(std::filesystem::exists(young));
}

TEST_CASE("what dead runs left is foreseen, and removed") {
  Retained site{2};
  site.bench.catalog_sql(
      "update backups set status_id = (select id from job_statuses where name = "
      "'failed') where label = '" +
      site.labels[1] + "'");
  for (const auto* store : {"local", "second"}) {
    std::filesystem::remove(site.bench.store_directory(store) /
                            k_layout.manifest(site.labels[1]).text());
  }
  const auto debris = [](const json& result) {
    json labels;
    for (const auto& store : result.at("stores")) labels[store.at("store")] = store.at("debris");
    return labels;
  };
  const json expected{{"local", {site.labels[1]}}, {"second", {site.labels[1]}}};
  CHECK(debris(site.prune(true)) == expected);
  CHECK(site.has_objects("local", site.labels[1]));
  CHECK(debris(site.prune()) == expected);
  CHECK_FALSE(site.has_objects("local", site.labels[1]));
}

TEST_CASE("each store has its own policy, and one store may be named") {
  Retained site;
  site.bench.config().stores[1].retention.last = 3;
  site.prune();
  CHECK_FALSE(site.has("local", site.labels[0]));
  CHECK(site.has("second", site.labels[0]));
  CHECK(site.state(site.labels[0], "local") == "purged");
  CHECK(site.state(site.labels[0], "second") == "completed");
  CHECK(site.listed().size() == 3);

  site.bench.config().stores[1].retention.last = 1;
  CHECK(site.bench.run(command::PruneOptions{{"local"}}).result.at("plan").size() == 1);
  CHECK(site.has("second", site.labels[0]));
  CHECK(error_of([&] { site.bench.run(command::PruneOptions{{"nowhere"}}); }).kind() ==
        util::ErrorKind::not_found);
}

TEST_CASE("a hold keeps a backup until it is released") {
  Retained site;
  const auto held = site.bench.run(hold_of(site.labels[0]));
  CHECK_THAT(held.text, Contains("is held: audit 2026"));
  CHECK(held.result.at("stores") == json({"local", "second"}));
  site.prune();
  CHECK(site.has("local", site.labels[0]));
  CHECK(site.has("second", site.labels[0]));
  CHECK_FALSE(site.has("local", site.labels[1]));
  command::ShowOptions show;
  show.backup.id = site.labels[0];
  const auto shown = site.bench.run(show);
  CHECK(shown.result.at("backup").at("hold_reason") == "audit 2026");
  CHECK_THAT(shown.text, Contains("held: audit 2026"));

  CHECK(site.bench.run(release_of(site.labels[0])).result.at("released") == true);
  CHECK(site.bench.run(release_of(site.labels[0])).result.at("released") == false);
  site.prune();
  CHECK_FALSE(site.has("local", site.labels[0]));
  CHECK(site.bench.catalog_sql("select string_agg(action, ' ' order by id) from audit_log where "
                               "action in ('hold', 'release')") == "hold release");
}

TEST_CASE("a hold outlives the catalog") {
  Retained site;
  site.bench.run(hold_of(site.labels[0]));
  site.bench.cluster().psql("postgres", "drop database bkp with (force)");
  site.prune();
  CHECK_THAT(site.bench.warnings().at(0), Contains("planning from the stores alone"));
  CHECK(site.has("local", site.labels[0]));
  CHECK_FALSE(site.has("local", site.labels[1]));
}

TEST_CASE("hold and release name what is wrong") {
  Retained site{1};
  CHECK(error_of([&] { site.bench.run(hold_of("20200101")); }).kind() ==
        util::ErrorKind::not_found);
  auto late = hold_of("latest");
  late.until = "2020-01-01";
  CHECK(error_of([&] { site.bench.run(late); }).kind() == util::ErrorKind::usage);
  CHECK(site.bench.run(hold_of("latest"), true).result.at("dry_run") == true);
  CHECK(site.bench.run(release_of("latest")).result.at("released") == false);

  std::filesystem::rename(site.bench.store_directory("second"), site.bench.store_directory("away"));
  const auto partly = site.bench.run(hold_of("latest"));
  REQUIRE(partly.error);
  CHECK(partly.error->kind() == util::ErrorKind::partial);
  CHECK(partly.result.at("stores") == json({"local"}));
}

TEST_CASE("a store that is away does not stop the others") {
  Retained site;
  std::filesystem::rename(site.bench.store_directory("second"), site.bench.store_directory("away"));
  const auto report = site.bench.run(command::PruneOptions{});
  REQUIRE(report.error);
  CHECK(report.error->kind() == util::ErrorKind::partial);
  CHECK_THAT(report.error->message(), Contains("\"second\""));
  CHECK_FALSE(site.has("local", site.labels[0]));
  CHECK(site.state(site.labels[0], "second") == "completed");

  // An empty directory in its place is not taken for an empty store.
  std::filesystem::create_directory(site.bench.store_directory("second"));
  const auto empty = site.bench.run(command::PruneOptions{{"second"}});
  REQUIRE(empty.error);
  CHECK(empty.error->kind() == util::ErrorKind::store);
  CHECK(site.state(site.labels[0], "second") == "completed");
}

TEST_CASE("a purge that was killed before it was recorded is made good by the next") {
  Retained site;
  const auto store = open(site.bench, "local");
  backup::write_mark(*store, k_layout, site.labels[0], backup::pruned_kind,
                     util::SystemClock{}.now(), nlohmann::json::object());
  store->remove(k_layout.manifest(site.labels[0]));
  const auto result = site.prune();
  CHECK(store->list(k_layout.backup(site.labels[0])).empty());
  CHECK(site.state(site.labels[0], "local") == "purged");
  CHECK(result.at("stores").at(0).at("removed") == 2);
  CHECK(site.prune().at("stores").at(0).at("removed") == 0);
}

TEST_CASE("prune has the site to itself, and a hold keeps out of its way") {
  Retained site{1};
  const auto kind_of = [&](const auto& options) {
    return error_of([&] { site.bench.run(options); }).kind();
  };
  int checked = 0;
  const auto while_verifying = [&] {
    CHECK(kind_of(command::PruneOptions{}) == util::ErrorKind::locked);
    CHECK_FALSE(site.bench.run(command::PruneOptions{}, true).error);
    CHECK_FALSE(site.bench.run(hold_of("latest")).error);
    ++checked;
  };
  const auto while_pruning = [&] {
    CHECK(kind_of(hold_of("latest")) == util::ErrorKind::locked);
    CHECK(kind_of(release_of("latest")) == util::ErrorKind::locked);
    ++checked;
  };
  site.bench.run(command::LockedOptions{run::LockMode::shared, while_verifying});
  site.bench.run(command::LockedOptions{run::LockMode::exclusive, while_pruning});
  CHECK(checked == 2);
}

TEST_CASE("list filters and falls back to the stores") {
  Retained site{2};
  site.bench.catalog_sql("update backups set verified = true, verified_at = now() where label = '" +
                         site.labels[0] + "'");
  command::ListOptions options;
  options.verified = "yes";
  CHECK(site.listed(options) == std::vector<std::string>{site.labels[0]});
  options.verified = "no";
  CHECK(site.listed(options) == std::vector<std::string>{site.labels[1]});
  options = {};
  options.since = "1h";
  options.database = "studio";
  options.type = "full";
  CHECK(site.listed(options).size() == 2);
  options.database = "other";
  CHECK(site.listed(options).empty());
  CHECK_THAT(site.bench.run(options).text, Contains("no backup is like that"));

  const auto text = site.bench.run(command::ListOptions{}).text;
  CHECK_THAT(text, Contains("not verified") && Contains("verified now"));
  site.bench.cluster().psql("postgres", "drop database bkp with (force)");
  auto newest_first = site.labels;
  std::reverse(newest_first.begin(), newest_first.end());
  CHECK(site.listed() == newest_first);
  CHECK_FALSE(site.bench.warnings().empty());
}

TEST_CASE("show has every column, the parts and what they hold") {
  Retained site{1};
  command::ShowOptions options;
  options.backup.id = "latest";
  const auto report = site.bench.run(options);
  const auto& backup = report.result.at("backup");
  const auto columns = site.bench.catalog_sql(
      "select string_agg(column_name, ' ') from information_schema.columns where table_schema = "
      "'bkp' and table_name = 'backups'");
  std::istringstream names{columns};
  for (std::string column; names >> column;) {
    INFO(column);
    CHECK(backup.contains(column));
  }
  CHECK(backup.at("copies").size() == 2);
  CHECK(report.result.at("parts").size() == 2);
  CHECK(report.result.at("contents") == json({{"tables", 1}, {"rows", 1}, {"large_objects", 0}}));
  CHECK(report.result.at("verifications").empty());
  CHECK_THAT(report.text, Contains("a hope until `bkp verify " + site.labels[0]));

  options.backup.id = std::to_string(backup.at("id").get<int>());
  CHECK(site.bench.run(options).result.at("backup") == backup);
}
