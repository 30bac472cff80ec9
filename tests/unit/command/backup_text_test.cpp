#include "command/backup_text.hpp"

#include <catch2/catch.hpp>

#include "command/backup_json.hpp"
#include "command/list.hpp"
#include "command/show.hpp"

using namespace bkp;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const auto k_shown_at = util::parse_time("2026-11-21T05:00:00Z");

catalog::BackupRecord example() {
  catalog::BackupRecord backup;
  backup.id = 17;
  backup.label = "20261121T020000Z-full-x121";
  backup.backup_type = "full";
  backup.method = "dump";
  backup.database_name = "x121";
  backup.status = catalog::status::completed;
  backup.size_bytes = 1 << 20;
  backup.original_bytes = 4 << 20;
  backup.started_at = k_shown_at - 3h;
  backup.completed_at = k_shown_at - 3h + 100s;
  for (const auto* store : {"local", "offsite"}) {
    auto& copy = backup.copies.emplace_back();
    copy.store = store;
    copy.state = catalog::status::completed;
  }
  return backup;
}

}  // namespace

TEST_CASE("a backup nobody restored is called not verified") {
  auto backup = example();
  CHECK(command::state_text(backup, k_shown_at) == "not verified");
  backup.verified = true;
  backup.verified_at = k_shown_at - 2h;
  CHECK(command::state_text(backup, k_shown_at) == "verified 2h ago");
  backup.verified = false;
  CHECK(command::state_text(backup, k_shown_at) == "verification failed 2h ago");
  backup.status = catalog::status::partial;
  CHECK(command::state_text(backup, k_shown_at) == "partial, verification failed 2h ago");
  backup.status = catalog::status::failed;
  CHECK(command::state_text(backup, k_shown_at) == "failed");
  backup.held_until = catalog::forever;
  CHECK(command::state_text(backup, k_shown_at) == "failed, held");
}

TEST_CASE("a label in a command is quoted for the shell") {
  auto backup = example();
  backup.label = "a;b";
  CHECK_THAT(command::show_text({backup, {}, {}}, k_shown_at, 0), Contains("`bkp verify 'a;b'`"));
}

TEST_CASE("ages for people") {
  CHECK(command::age_text(k_shown_at - 90min, k_shown_at) == "1h 30min ago");
  CHECK(command::age_text(k_shown_at + 2h, k_shown_at) == "in 2h");
  CHECK(command::age_text(k_shown_at, k_shown_at) == "now");
}

TEST_CASE("the stores with a complete copy") {
  auto backup = example();
  CHECK(command::stores_text(backup) == "local, offsite");
  backup.copies[1].error_message = "bytes differ";
  CHECK(command::stores_text(backup) == "local, offsite (damaged)");
  backup.copies[1].error_message.clear();
  backup.copies[0].state = catalog::status::failed;
  CHECK(command::stores_text(backup) == "offsite");
  backup.copies[1].state = catalog::status::purged;
  CHECK(command::stores_text(backup) == "-");
}

TEST_CASE("the JSON of a backup has the keys of the contract") {
  auto backup = example();
  const auto json = command::backup_json(backup);
  CHECK(json.at("id") == 17);
  CHECK(json.at("label") == backup.label);
  CHECK(json.at("backup_type") == "full");
  CHECK(json.at("method") == "dump");
  CHECK(json.at("database_name") == "x121");
  CHECK(json.at("status") == "completed");
  CHECK(json.at("size_bytes") == 1 << 20);
  CHECK(json.at("original_bytes") == 4 << 20);
  CHECK(json.at("started_at") == "2026-11-21T02:00:00Z");
  CHECK(json.at("completed_at") == "2026-11-21T02:01:40Z");
  CHECK(json.at("verified") == false);
  CHECK(json.at("copies") == nlohmann::json::parse(
                                 R"([{"store": "local", "state": "completed", "damaged": false},
    {"store": "offsite", "state": "completed", "damaged": false}])"));
  backup.id = 0;
  backup.database_name = "caf\xe9";
  backup.completed_at.reset();
  const auto bare = command::backup_json(backup);
  CHECK(bare.at("id").is_null());
  CHECK(bare.at("completed_at").is_null());
  CHECK(bare.at("database_name") == "caf\\xe9");
}

TEST_CASE("the list fits the terminal and counts what is not proven") {
  auto proven = example();
  proven.label = "20261120T020000Z-full-x121";
  proven.verified = true;
  proven.verified_at = k_shown_at - 1h;
  const auto text = command::list_text({example(), proven}, k_shown_at, 80);
  for (const auto& label : {example().label, proven.label}) CHECK_THAT(text, Contains(label));
  CHECK_THAT(text, Contains("2 backups, 2.0 MiB; 1 not verified: a hope until"));
  std::istringstream lines{text};
  std::string line;
  for (int row = 0; row < 3 && std::getline(lines, line); ++row) {
    INFO(line);
    CHECK(line.size() <= 80 + 2 * 3);  // "…" has three bytes
  }
  CHECK_THAT(command::list_text({proven}, k_shown_at, 0), Contains("1 backup, 1.0 MiB\n"));
}

TEST_CASE("show tells everything there is") {
  command::BackupView view{example(), {}, {}};
  view.backup.held_until = k_shown_at + 24h;
  view.backup.hold_reason = "audit";
  view.backup.error_message = "evil\x1b[2J";
  view.backup.copies[1].error_message = "late";
  auto& verification = view.verifications.emplace_back();
  verification.level = "restore";
  verification.started_at = k_shown_at - 1h;
  verification.errors = {"rows differ"};
  auto& manifest = view.manifest.emplace();
  manifest.server_version = 150018;
  manifest.parts.push_back({.name = "dump.pgc.zst",
                            .role = "dump",
                            .compression = "zstd",
                            .size_bytes = 1024,
                            .original_bytes = 4096,
                            .md5 = "m",
                            .sha256 = "s"});
  auto& table = manifest.fingerprint.emplace().tables.emplace_back();
  table.rows = 7;
  const auto text = command::show_text(view, k_shown_at, 0);
  for (const auto* words :
       {"20261121T020000Z-full-x121", "17", "full, dump", "x121",
        "not verified: a hope until `bkp verify 20261121T020000Z-full-x121` has restored it",
        "held until 2026-11-22T05:00:00Z: audit", "2026-11-21T02:00:00Z (3h ago)",
        "1.0 MiB stored, 4.0 MiB before compression (25%)", "evil\\x1b[2J", "PostgreSQL 15.18",
        "1 tables, 7 rows, 0 large objects", "dump.pgc.zst", "rows differ", "late", "offsite",
        "damaged"}) {
    CHECK_THAT(text, Contains(words));
  }

  const auto json = command::show_json(view);
  CHECK(json.at("backup") == catalog::to_json(view.backup));
  CHECK(json.at("verifications").at(0).at("errors") == nlohmann::json{"rows differ"});
  CHECK(json.at("parts").at(0).at("original_bytes") == 4096);
  CHECK(json.at("contents").at("rows") == 7);
  view.manifest.reset();
  CHECK(command::show_json(view).at("parts").is_null());
}
