#include "backup/chain.hpp"

#include <catch2/catch.hpp>

using namespace bkp;
using catalog::BackupRecord;

namespace {

BackupRecord made(const std::string& label, std::optional<std::string> parent = {}) {
  BackupRecord record;
  record.label = label;
  record.backup_type = parent ? "incremental" : "full";
  record.parent_label = std::move(parent);
  record.status = catalog::status::completed;
  auto& copy = record.copies.emplace_back();
  copy.store = "local";
  copy.state = catalog::status::completed;
  return record;
}

std::vector<std::string> labels(const std::vector<const BackupRecord*>& chain) {
  std::vector<std::string> result;
  for (const auto* one : chain) result.push_back(one->label);
  return result;
}

}  // namespace

TEST_CASE("a chain goes down to the full backup, and is as sound as each of it") {
  std::vector<BackupRecord> all{made("c", "b"), made("b", "a"), made("a")};
  CHECK(labels(backup::chain_of(all[0], all)) == std::vector<std::string>{"c", "b", "a"});
  CHECK(labels(backup::chain_of(all[2], all)) == std::vector<std::string>{"a"});
  CHECK(backup::is_chain_sound(all[0], all));
  all[1].status = catalog::status::failed;
  CHECK_FALSE(backup::is_chain_sound(all[0], all));
  CHECK(backup::is_chain_sound(all[2], all));
}

TEST_CASE("a chain without its beginning is not sound, whatever the catalog knows of it") {
  std::vector<BackupRecord> all{made("c", "b"), made("b", "a")};
  CHECK(labels(backup::chain_of(all[0], all)) == std::vector<std::string>{"c", "b"});
  CHECK_FALSE(backup::is_chain_sound(all[0], all));
  // As after `catalog rebuild`, when the full one could not be read.
  all[1].parent_label.reset();
  CHECK_FALSE(backup::is_chain_sound(all[0], all));
  CHECK_FALSE(backup::is_chain_sound(all[1], all));
}
