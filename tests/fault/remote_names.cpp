// Names that want to be something else in a URL, a path, a query or a shell: those of databases,
// and of the places where the stores are.
#include "fault/away_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// What is between two slashes of a path; as it stands in a URL of SFTP, where escapes are
/// resolved, and in a request. In an S3 URL it stands as it is.
constexpr auto place = "Bäckups+%41'&~";
constexpr auto encoded_place = "B%C3%A4ckups%2B%2541%27%26~";

/// The first three differ in what a label cannot have.
const std::vector<std::string> names{"a b/c", "a+b%c", "a%20b/c",
                                     "it's \"Ångström\" 100% 日本 & <x>?#=;"};

/// With stores at such places, each of which keeps the newest backup of a database.
struct OddSite : FaultSite {
  Sshd sshd;
  std::string bucket = ceph().make_bucket();
  std::filesystem::path known_hosts = directory() / "known_hosts";
  std::string bucket_url = "s3://" + bucket + "/" + place;
  std::string host_url = sshd.url(directory()) + "/" + encoded_place;

  OddSite() {
    write_private(directory() / "s3.ini", credentials());
    write_text(known_hosts, sshd.known_hosts_line());
    const std::string rules =
        "    retention: {last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, quarterly: 0}\n";
    auto offsite = bucket_yaml("offsite", bucket, ceph().endpoint(), directory() / "s3.ini", true);
    offsite.replace(offsite.find("s3://"), bucket.size() + 13, '"' + bucket_url + '"');
    auto vault = host_yaml("vault", sshd, "", known_hosts);
    vault.insert(vault.find("\n    key_file"), directory().string() + "/" + encoded_place);
    auto config = base_config();
    config.insert(config.find("recover:"), rules + offsite + rules + vault + rules);
    write_config(config + "databases: {exclude: [bkp, postgres, slow]}\n");
    must({"init"});
    for (const auto& name : names) {
      cluster().create_database(name);
      cluster().psql(name, "create table t as select i from generate_series(1, 100) i");
    }
  }

  /// Every backup on the store is whole, and one of them comes back from it.
  void check_good(const std::string& store) {
    const auto verified = json({"verify", "--all", "--level", "checksum", "--store", store});
    INFO(verified.dump(1));
    CHECK(verified.at("exit_code") == 0);
    CHECK(verified["result"]["verifications"].size() == 2 * names.size());
    const auto into = names.back() + store;
    const auto restored =
        run({"restore", "latest", "--db", names.back(), "--into", into, "--store", store});
    CAPTURE(restored);
    CHECK(restored.exit_code == 0);
    CHECK(database_digest(cluster(), into) == database_digest(cluster(), names.back()));
    cluster().psql("postgres", "drop database \"" + doubled(into) + "\"");
  }

  static std::string doubled(std::string name) {
    for (auto at = name.find('"'); at != name.npos; at = name.find('"', at + 2))
      name.insert(at, 1, '"');
    return name;
  }
};

}  // namespace

TEST_CASE("whatever the names are, each store is written, proven, restored from and pruned") {
  OddSite site;
  site.must({"full"});
  const auto full = site.json({"full"});
  INFO(full.dump(1));
  REQUIRE(full.at("exit_code") == 0);
  CHECK(full.at("warnings").empty());
  CHECK(full["result"]["backups"].size() == names.size());
  CHECK(std::filesystem::exists(site.directory() / place / "studio/site.json"));
  const auto file = "/" + site.bucket + "/" + encoded_place + "/studio/site.json";
  CHECK(ceph().request("GET", file).status == 200);
  CHECK(site.run({"check"}).exit_code == 0);
  for (const std::string store : {"offsite", "vault"}) {
    CAPTURE(store);
    site.check_good(store);
  }

  const auto pruned = site.json({"prune"});
  INFO(pruned.dump(1));
  CHECK(pruned.at("exit_code") == 0);
  for (const auto& store : pruned["result"]["stores"]) CHECK(store["removed"] == names.size());
  CHECK(site.json({"list"})["result"]["backups"].size() == names.size());
  CHECK(site.run({"verify", "--all", "--level", "checksum"}).exit_code == 0);
}
