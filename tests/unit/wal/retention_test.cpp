#include "wal/retention.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "example_archive.hpp"

using namespace bkp;
using namespace bkp::wal;
using namespace bkp::test;
using std::chrono::hours;

namespace {

constexpr std::chrono::seconds window = hours{24 * 14};

void add(Inventory& inventory, const std::string& name) {
  inventory.files.insert({name, ArchivedFile{{name, Sealing::none}, 100, now}});
}

Inventory inventory_of(std::uint32_t timeline, std::uint64_t first, std::uint64_t last) {
  Inventory inventory;
  for (auto number = first; number <= last; ++number)
    add(inventory, pg::wal_segment_name({timeline, number}, segment_size));
  return inventory;
}

StayingBackup staying(const std::string& label, std::uint64_t first, std::uint64_t last,
                      util::Time at) {
  return {label, {1, {first * segment_size + 40}, {last * segment_size + 200}}, at};
}

std::vector<std::uint64_t> removed(const WalPlan& plan) {
  std::vector<std::uint64_t> numbers;
  for (const auto& name : plan.remove)
    numbers.push_back(pg::parse_wal_name(name.name, segment_size)->number);
  return numbers;
}

}  // namespace

TEST_CASE("without a base backup no WAL goes") {
  const auto plan = plan_retention(inventory_of(1, 1, 50), segment_size, {}, window, now);
  CHECK(plan.remove.empty());
  CHECK_FALSE(plan.anchor);
}

TEST_CASE("everything stays from the newest backup on that is older than the window") {
  const auto inventory = inventory_of(1, 1, 50);
  const std::vector<StayingBackup> backups{staying("young", 40, 41, now - hours{24}),
                                           staying("anchor", 20, 21, now - hours{24 * 15}),
                                           staying("old", 5, 6, now - hours{24 * 40})};
  const auto plan = plan_retention(inventory, segment_size, backups, window, now);
  CHECK(plan.anchor == "anchor");
  CHECK(removed(plan) ==
        std::vector<std::uint64_t>{1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
  CHECK(plan.bytes == 1700);
}

TEST_CASE("when all backups are young the oldest is where it begins") {
  const std::vector<StayingBackup> backups{staying("b", 40, 41, now - hours{1}),
                                           staying("a", 20, 21, now - hours{2})};
  const auto plan = plan_retention(inventory_of(1, 18, 50), segment_size, backups, window, now);
  CHECK(plan.anchor == "a");
  CHECK(removed(plan) == std::vector<std::uint64_t>{18, 19});
}

TEST_CASE("other timelines are kept by the same numbers, histories for good") {
  auto inventory = inventory_of(2, 1, 25);
  add(inventory, "00000002.history");
  add(inventory, "000000010000000000000003.partial");
  add(inventory, "000000010000000000000015.00000028.backup");
  const auto plan =
      plan_retention(inventory, segment_size, {staying("a", 20, 21, now - hours{2})}, window, now);
  CHECK(plan.remove.size() == 20);
  const auto goes = [&](const std::string& name) {
    return std::ranges::any_of(plan.remove, [&](const auto& one) { return one.name == name; });
  };
  CHECK_FALSE(goes("00000002.history"));
  CHECK(goes("000000010000000000000003.partial"));
  CHECK_FALSE(goes("000000010000000000000015.00000028.backup"));
}

TEST_CASE("a backup that something is known against is no reason for WAL to go") {
  const auto inventory = inventory_of(1, 1, 50);
  std::vector<StayingBackup> backups{staying("bad", 20, 21, now - hours{24 * 15}),
                                     staying("good", 10, 11, now - hours{24 * 16})};
  backups.front().sound = false;
  CHECK(plan_retention(inventory, segment_size, backups, window, now).anchor == "good");
  backups.back().sound = false;
  const auto plan = plan_retention(inventory, segment_size, backups, window, now);
  CHECK(plan.remove.empty());
  CHECK_FALSE(plan.anchor);
}
