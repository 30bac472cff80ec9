// `bkp copy`: a store gets the backups it has not, and only good ones.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/damage.hpp"
#include "support/site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// Two backups of database a on store local, none on store vault.
struct HalfSite : Site {
  std::string first;
  std::string second;

  HalfSite() {
    add_store("vault", false);
    must({"init"});
    cluster().create_database("a");
    cluster().psql("a", "create table t as select i from generate_series(1, 3000) i");
    first = back_up_locally();
    second = back_up_locally();
  }

  std::string back_up_locally() const {
    return json({"full", "--db", "a", "--store", "local"})["result"]["backups"][0]["label"];
  }
  std::filesystem::path vault(const std::string& label) const {
    return directory() / "vault/studio/backups" / label;
  }
  std::filesystem::path local(const std::string& label) const {
    return store() / "studio/backups" / label;
  }
};

}  // namespace

TEST_CASE("a new store gets every good backup, with what was marked beside it") {
  HalfSite site;
  site.must({"hold", site.first, "--reason", "audit"});
  const auto planned = site.run({"copy", "--to", "vault", "--dry-run"});
  CHECK_THAT(planned.out, Contains("would copy " + site.first) && Contains(site.second));
  CHECK_FALSE(std::filesystem::exists(site.vault(site.first)));
  const auto copied = site.json({"copy", "--to", "vault"});
  INFO(copied.dump(1));
  CHECK(copied.at("exit_code") == 0);
  CHECK(copied["result"]["copied"].size() == 2);
  CHECK(site.run({"verify", "--all", "--level", "checksum", "--store", "vault"}).exit_code == 0);
  const auto listed = site.json({"list", "--db", "a"})["result"]["backups"];
  for (const auto& backup : listed) CHECK(backup["copies"].size() == 2);
  CHECK_FALSE(std::filesystem::is_empty(site.vault(site.first) / "marks"));
  CHECK_THAT(site.run({"copy", "--to", "vault"}).out, Contains("has every good backup already"));
  const auto again = site.run({"copy", site.first, "--to", "vault"});
  CAPTURE(again);
  CHECK(again.exit_code == 11);
}

TEST_CASE("a new disk in the place of a lost one is filled again") {
  HalfSite site;
  site.must({"copy", "--to", "vault"});
  std::filesystem::remove_all(site.directory() / "vault");
  site.must({"init"});
  site.must({"copy", "--to", "vault"});
  CHECK(site.run({"verify", "--all", "--level", "checksum", "--store", "vault"}).exit_code == 0);
}

TEST_CASE("what is damaged is not copied, the others are") {
  HalfSite site;
  flip_a_bit(site.local(site.first) / "dump.pgc.zst");
  const auto copied = site.run({"copy", "--to", "vault"});
  CAPTURE(copied);
  CHECK(copied.exit_code == 3);
  CHECK_THAT(copied.err, Contains(site.first) && Contains("is not what was stored"));
  CHECK_FALSE(std::filesystem::exists(site.vault(site.first)));
  CHECK(std::filesystem::exists(site.vault(site.second) / "manifest.json"));
  CHECK(site.run({"copy", site.first, "--to", "vault"}).exit_code == 8);
}

TEST_CASE("what a broken copy left is no backup, and is made anew") {
  HalfSite site;
  std::filesystem::create_directories(site.vault(site.first));
  write_text(site.vault(site.first) / "dump.pgc.zst", "half");
  site.must({"copy", site.first, "--to", "vault", "--from", "local"});
  CHECK(site.run({"verify", site.first, "--level", "checksum", "--store", "vault"}).exit_code == 0);
}

TEST_CASE("a damaged copy is mended from another one, and only where it is known to be damaged") {
  HalfSite site;
  site.must({"copy", "--to", "vault"});
  const auto dump = site.local(site.first) / "dump.pgc.zst";
  const auto before = read_text(dump);
  flip_a_bit(dump);
  const auto unknown = site.run({"copy", site.first, "--to", "local"});
  CAPTURE(unknown);
  CHECK(unknown.exit_code == 11);
  CHECK_THAT(unknown.err,
             Contains("`bkp verify " + site.first + " --level checksum --store local`"));
  CHECK(unknown.out.empty());
  const auto found = site.run({"verify", site.first, "--level", "checksum"});
  CHECK(found.exit_code == 8);
  CHECK_THAT(found.err, Contains("`bkp copy " + site.first + " --to local` mends"));
  CHECK_THAT(site.run({"copy", "--to", "local", "--dry-run"}).out,
             Contains("would mend " + site.first));
  const auto mended = site.json({"copy", "--to", "local"});
  INFO(mended.dump(1));
  CHECK(mended.at("exit_code") == 0);
  const auto& copied = mended["result"]["copied"];
  REQUIRE(copied.size() == 1);
  CHECK(copied[0].at("mended") == true);
  CHECK(copied[0].at("replaced") == nlohmann::json{"dump.pgc.zst"});
  CHECK(read_text(dump) == before);
  CHECK_THAT(site.run({"list", "--db", "a"}).out, !Contains("damaged"));
  CHECK_THAT(site.run({"copy", "--to", "local"}).out, Contains("has every good backup already"));
  // The store alone tells the same.
  site.cluster().psql("postgres", "drop database bkp");
  site.must({"init"});
  site.must({"catalog", "rebuild", "--store", "local"});
  CHECK_THAT(site.run({"list", "--db", "a"}).out, !Contains("damaged"));
}

TEST_CASE("a manifest that is gone comes back from another copy; what lay beside it stays") {
  HalfSite site;
  site.must({"copy", "--to", "vault"});
  std::filesystem::remove(site.local(site.first) / "manifest.json");
  // What the other copy lacks in one place is here.
  flip_a_bit(site.vault(site.first) / "globals.sql.zst");
  const auto mended = site.run({"copy", site.first, "--to", "local"});
  CAPTURE(mended);
  CHECK(mended.exit_code == 0);
  CHECK_THAT(mended.out, Contains("mended " + site.first) && Contains("replaced manifest.json"));
  CHECK(site.run({"verify", site.first, "--level", "checksum", "--store", "local"}).exit_code == 0);
  CHECK(site.run({"verify", site.first, "--level", "checksum", "--store", "vault"}).exit_code == 8);
  site.must({"copy", "--to", "vault"});
  CHECK(site.run({"verify", site.first, "--level", "checksum", "--store", "vault"}).exit_code == 0);
}

TEST_CASE("copy names what is wrong with its stores") {
  HalfSite site;
  CHECK(site.run({"copy", "--to", "local", "--from", "local"}).exit_code == 2);
  CHECK(site.run({"copy", "--to", "nowhere"}).exit_code == 10);
  CHECK(site.run({"copy", site.first, "--to", "vault", "--from", "vault"}).exit_code == 2);
  CHECK(site.run({"copy"}).exit_code == 2);
  std::filesystem::rename(site.directory() / "vault", site.directory() / "away");
  CHECK(site.run({"copy", "--to", "vault"}).exit_code == 6);
}
