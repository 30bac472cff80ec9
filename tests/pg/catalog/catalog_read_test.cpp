// What is kept is found again, narrowed as one asks, and soon enough.
#include <catch2/catch.hpp>

#include "recorder_fixture.hpp"

using namespace bkp;
using namespace bkp::catalog;
using test::example_label;
using test::RecorderFixture;

namespace {

std::size_t statements_in(const std::string& log) {
  std::size_t count = 0;
  for (const std::string start : {"LOG:  statement: ", "LOG:  execute "}) {
    for (auto at = log.find(start); at != log.npos; at = log.find(start, at + 1)) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("space and audit are kept with who and when") {
  RecorderFixture f;
  const auto recorder = f.opened();
  StoreUsage usage{"local", "file:///backups", 10, 2, 100, 90, "alert", f.started, f.started};
  recorder->save_usage(usage);
  usage.capacity_bytes.reset();
  usage.sampled_at += std::chrono::hours{1};
  recorder->save_usage(usage);
  auto catalog = f.open_catalog();
  const auto history = catalog.usage_history("local", f.started);
  REQUIRE(history.size() == 2);
  CHECK(to_json(history[1]) == to_json(usage));
  CHECK(history[0].capacity_bytes == 100);
  CHECK(catalog.usage_history("local", f.started + std::chrono::minutes{1}).size() == 1);
  CHECK(catalog.usage_history("other", f.started).empty());

  recorder->audit({"restore", example_label, "x121", {{"into", "x121_restored"}}, f.started});
  recorder->audit({"prune", "", "", {}, {}});
  CHECK(f.sql("select action, subject, confirmation, details->>'into', user_name, host, "
              "run_id is not null from audit_log where action = 'restore'") ==
        std::string{"restore|"} + example_label + "|x121|x121_restored|backup|studio-1|t");
  CHECK(f.sql("select at > now() - interval '1 minute' from audit_log where action = 'prune'") ==
        "t");
}

TEST_CASE("backups can be narrowed in every way the list offers") {
  RecorderFixture f;
  const auto recorder = f.opened();
  auto early = f.backup("early");
  early.started_at -= std::chrono::hours{24};
  early.database_name = "other";
  recorder->save_backup(early);
  auto config = f.backup("config");
  config.backup_type = "config";
  config.method = "archive";
  config.status = status::failed;
  recorder->save_backup(config);
  auto partial = f.backup("late");
  auto& missing = partial.copies.emplace_back();
  missing.store = "vault";
  missing.url = "file:///vault";
  missing.state = status::failed;
  recorder->save_backup(partial);
  recorder->save_verification(f.verification("late", "restore", true));
  auto catalog = f.open_catalog();
  const auto labels = [&](const BackupFilter& filter) {
    std::string result;
    for (const auto& backup : catalog.backups(filter)) result += backup.label + " ";
    return result;
  };
  CHECK(labels({}) == "late config early ");
  CHECK(labels({.backup_type = "config"}) == "config ");
  CHECK(labels({.database = "other"}) == "early ");
  CHECK(labels({.since = f.started}) == "late config ");
  CHECK(labels({.until = f.started}) == "early ");
  CHECK(labels({.status = status::failed}) == "config ");
  CHECK(labels({.verified = true}) == "late ");
  CHECK(labels({.copy_failed_on = "vault"}) == "late ");
  CHECK(labels({.copy_failed_on = "local"}).empty());
  CHECK(labels({.backup_type = "full", .verified = false}) == "early ");
  CHECK(labels({.database = "x'; drop table backups; --"}).empty());
}

TEST_CASE("a long list of backups is read without a statement for each") {
  RecorderFixture f;
  f.sql(
      "insert into backups (label, backup_type, method, database_name, destination, file_path, "
      "size_bytes, original_bytes, checksum_md5, checksum_sha256, status_id, started_at, "
      "completed_at) select 'label-' || i, 'full', 'dump', 'x121', 'file:///backups', 'key-' || "
      "i, i, i, repeat('a', 32), repeat('b', 64), 3, now() - i * interval '1 hour', now() from "
      "generate_series(1, 10000) i; "
      "insert into backup_copies (backup_id, store, url, state, size_bytes) select id, s, "
      "'file:///backups', 'completed', 1 from backups, unnest(array['local', 'offsite']) s");
  test::cluster().psql("postgres", "alter database " + f.database + " set log_statement = 'all'");
  auto catalog = f.open_catalog();
  const auto said_before = test::cluster().log_text().size();
  const auto all = catalog.backups();
  REQUIRE(all.size() == 10000);
  const auto statements = statements_in(test::cluster().log_text().substr(said_before));
  CHECK(statements > 0);
  CHECK(statements < 10);
  CHECK(all.front().label == "label-1");
  CHECK(all.back().copies.size() == 2);
}
