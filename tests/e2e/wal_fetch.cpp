// `bkp wal-fetch` as a restore_command would call it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/archiving_site.hpp"
#include "support/damage.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("no damage in the archive looks like its end") {
  ArchivingSite site;
  site.must({"init"});
  site.start_archiving();
  const auto first = site.write_segments(1);
  const auto second = site.write_segments(1);
  const auto third = site.write_segments(1);
  site.wait_for_archived(third);
  const auto object = site.archived(second);
  const auto stored = read_text(object);
  site.age_archive();

  SECTION("a dry run writes nothing") {
    CHECK(site.run({"wal-fetch", first, fetched(site).string(), "--dry-run"}).exit_code == 0);
    CHECK_FALSE(std::filesystem::exists(fetched(site)));
  }
  SECTION("the end is") {
    CHECK(fetch(site, "0000000100000000000000F0").exit_code == 1);
    CHECK(fetch(site, "00000002.history").exit_code == 1);
  }
  SECTION("a missing one is not, nor is one that --until cuts off") {
    std::filesystem::remove(object);
    const auto outcome = fetch(site, second);
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 126);
    CHECK_THAT(outcome.err, Contains(second + " is missing") && Contains(third));
    CHECK(site.run({"wal-fetch", second, fetched(site).string(), "--until", first}).exit_code == 1);
    CHECK(site.run({"wal-fetch", first, fetched(site).string(), "--until", first}).exit_code == 0);
  }
  SECTION("a changed, cut or swapped one is not") {
    const auto damage = GENERATE(0, 1, 2, 3);
    if (damage == 0) flip_a_bit(object);
    if (damage == 1) write_text(object, stored.substr(0, stored.size() / 2));
    if (damage == 2) write_text(object, read_text(site.archived(third)));
    if (damage == 3) write_text(object, "");
    const auto outcome = fetch(site, second);
    CAPTURE(damage, outcome);
    CHECK(outcome.exit_code == 126);
    CHECK_THAT(outcome.err, Contains(second) && Contains("damaged"));
    CHECK_FALSE(std::filesystem::exists(fetched(site)));
  }
  SECTION("a history whose timeline has WAL is not") {
    const auto of_two = ArchivingSite::in_store(site.store(), "00000002" + first.substr(8));
    std::filesystem::create_directories(of_two.parent_path());
    write_text(of_two, stored);
    site.age_archive();
    CHECK(fetch(site, "00000002.history").exit_code == 126);
  }
  SECTION("a store that is not there is not") {
    std::filesystem::rename(site.store(), site.directory() / "gone");
    CHECK(fetch(site, "0000000100000000000000F0").exit_code == 126);
    std::filesystem::create_directory(site.store());
    site.cluster().give(site.store());
    CHECK(fetch(site, "0000000100000000000000F0").exit_code == 126);
  }
  SECTION("nor are mistakes of whoever wrote the command") {
    CHECK(site.run({"wal-fetch", "--nonsense"}).exit_code == 126);
    CHECK(site.run({"wal-fetch", second}).exit_code == 126);
    CHECK(site.run({"wal-fetch", "x", "y"}).exit_code == 126);
    CHECK(site.run({"wal-fetch", second, "y", "--config", "/nonexistent"}).exit_code == 126);
  }
}

TEST_CASE("another store's copy takes the place of a bad one") {
  ArchivingSite site;
  site.add_store("vault", false);
  site.must({"init"});
  site.start_archiving();
  const auto name = site.write_segments(1);
  site.wait_for_archived(name);
  const auto original = read_text(site.pg_wal(name));
  SECTION("damaged") {
    flip_a_bit(site.archived(name));
  }
  SECTION("missing") {
    std::filesystem::remove(site.archived(name));
  }
  const auto outcome = fetch(site, name);
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK(read_text(fetched(site)) == original);
}

TEST_CASE("what follows is fetched ahead, proven, and given out once") {
  ArchivingSite site;
  site.must({"init"});
  site.start_archiving();
  const auto last = site.write_segments(6);
  site.wait_for_archived(last);
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator{site.store() / "studio/wal"})
    if (entry.is_regular_file()) names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  REQUIRE(names.size() >= 5);
  // As the recovering server does it: in its data directory, which says whose WAL it is.
  const auto fetch_there = [&](const std::string& name) {
    return site.command({"wal-fetch", name, fetched(site).string()})
        .in_directory(site.cluster().data_directory())
        .run();
  };
  const auto place =
      site.directory() / "state/wal/studio/fetched" /
      site.cluster().psql("postgres", "select system_identifier from pg_control_system()");
  REQUIRE(fetch_there(names[0]).exit_code == 0);
  REQUIRE(wait_until([&] { return std::filesystem::exists(place / names[2]); }));
  // It comes from there: the archive can be away.
  std::filesystem::rename(site.store(), site.directory() / "gone");
  for (const auto i : {1U, 2U}) {
    CHECK(fetch_there(names[i]).exit_code == 0);
    CHECK(read_text(fetched(site)) == read_text(site.pg_wal(names[i])));
    CHECK_FALSE(std::filesystem::exists(place / names[i]));
  }
}
