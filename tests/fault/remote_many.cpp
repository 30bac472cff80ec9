// Ten thousand objects where a store's backups are: those of a backup, those of labels that nobody
// knows, and strangers.
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "fault/away_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t of_strangers = 500;  ///< and as many of lost labels
constexpr std::size_t in_bucket = 10'000;
constexpr std::size_t on_host = 3'000;  ///< where each is removed by itself

/// Below backups/, which holds no more than a few objects otherwise.
std::vector<std::string> many_names(const std::string& label, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < of_strangers; ++i) {
    names.push_back(fmt::format("20200101T{:06}Z-full-lost/dump.pgc", i));
    names.push_back(fmt::format("stranger-{:03}", i));
  }
  while (names.size() < count) names.push_back(fmt::format("{}/more/{}", label, names.size()));
  return names;
}

/// With a store "vault" on a host; there and in the bucket the newest backup is to be kept.
struct CrowdedSite : AwaySite {
  Sshd sshd;
  std::string older;
  std::string newer;

  CrowdedSite() {
    const auto known_hosts = directory() / "known_hosts";
    write_text(known_hosts, sshd.known_hosts_line());
    add("vault", host_yaml("vault", sshd, directory() / "vault", known_hosts));
    const std::string rules =
        "    retention: {last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, quarterly: 0}\n";
    auto config = read_text(config_file());
    for (const auto* url : {"    url: s3:", "    url: sftp:"})
      config.insert(config.find(url), rules);
    write_config(config);
    older = back_up("slow");
    newer = back_up("slow");
  }

  void crowd_bucket(const std::vector<std::string>& names) {
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> refused = 0;
    const auto write = [&] {
      for (auto at = next++; at < names.size(); at = next++) {
        const auto target = "/" + bucket + "/backups/studio/backups/" + names[at];
        refused += ceph().request("PUT", target, {}, "x").status != 200;
      }
    };
    {
      std::vector<std::jthread> writers;
      for (int i = 0; i < 6; ++i) writers.emplace_back(write);
    }
    REQUIRE(refused == 0);
  }
  void crowd_host(const std::vector<std::string>& names) const {
    for (const auto& name : names) {
      const auto file = directory() / "vault/studio/backups" / name;
      fs::create_directories(file.parent_path());
      write_text(file, "x");
    }
  }

  /// How many objects below backups/ have a name that begins so.
  std::size_t count_in_bucket(const std::string& name) const {
    const auto listed = ceph().request(
        "GET", "/" + bucket + "?list-type=2&prefix=backups%2Fstudio%2Fbackups%2F" + name);
    REQUIRE(listed.status == 200);
    const auto at = listed.body.find("<KeyCount>");
    return std::stoul(listed.body.substr(at + 10));
  }
  std::size_t count_on_host(const std::string& name) const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator{directory() / "vault/studio/backups"})
      count += entry.path().filename().string().starts_with(name);
    return count;
  }

  std::vector<std::string> listed() const {
    std::vector<std::string> labels;
    const auto report = json({"list"});
    for (const auto& backup : report["result"]["backups"]) labels.push_back(backup["label"]);
    return labels;
  }
};

}  // namespace

TEST_CASE("among ten thousand objects backups are found, and only what is theirs is removed") {
  CrowdedSite site;
  site.crowd_bucket(many_names(site.older, in_bucket));
  site.crowd_host(many_names(site.older, on_host));

  CHECK(site.run({"check"}).exit_code == 0);
  CHECK(site.run({"verify", "--all", "--level", "checksum"}).exit_code == 0);
  const auto full = site.json({"full", "--db", "slow"});
  CHECK(full.at("exit_code") == 0);
  // What is left alone is named.
  CHECK(full.at("warnings").size() == 2 * of_strangers);
  const auto before = site.listed();
  CHECK(before.size() == 3);
  site.cluster().psql("postgres", "drop database bkp");
  site.must({"init"});
  for (const std::string store : {"offsite", "vault"})
    site.must({"catalog", "rebuild", "--store", store});
  CHECK(site.listed() == before);

  const auto pruned = site.json({"prune", "--store", "offsite", "--store", "vault"});
  INFO(pruned.at("error").dump(1) << pruned["result"]["stores"].dump(1));
  CHECK(pruned.at("exit_code") == 0);
  for (const auto& store : pruned["result"]["stores"]) CHECK(store.at("removed") == 2);
  CHECK(site.count_in_bucket(site.older) == 0);
  CHECK(site.count_on_host(site.older) == 0);
  for (const std::string others : {"2020", "stranger-"}) {
    CHECK(site.count_in_bucket(others) == of_strangers);
    CHECK(site.count_on_host(others) == of_strangers);
  }
  CHECK(site.run({"verify", "--all", "--level", "checksum"}).exit_code == 0);
}
