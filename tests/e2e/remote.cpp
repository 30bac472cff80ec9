// Copies away from home: the installed programs with a bucket and an SSH server.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/remote_stores.hpp"
#include "support/site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A site with stores local, offsite (S3, optional) and vault (SFTP), sealed, with database x121.
struct RemoteSite : Site {
  Sshd sshd;
  std::string bucket = ceph().make_bucket();
  std::filesystem::path identity = directory() / "identity.txt";
  std::filesystem::path secrets = directory() / "s3.ini";

  RemoteSite() {
    output_of(Program{{"age-keygen", "-o", identity.string()}});
    auto recipient = output_of(Program{{"age-keygen", "-y", identity.string()}});
    recipient.pop_back();
    write_private(secrets, credentials());
    write_text(directory() / "known_hosts", sshd.known_hosts_line() + "\n");
    auto config = base_config();
    config.insert(config.find("recover:"),
                  bucket_yaml("offsite", bucket, ceph().endpoint(), secrets, false) +
                      host_yaml("vault", sshd, directory() / "vault", directory() / "known_hosts"));
    write_config(config + "encryption:\n  recipients: [" + recipient + "]\n  identity_files: [" +
                 identity.string() + "]\n");
    must({"init"});
    cluster().create_database("x121");
    cluster().psql("x121",
                   "create table t as select i, md5(i::text) from generate_series(1, 40000) i");
  }

  nlohmann::json listed() const {
    auto backups = json({"list"})["result"]["backups"];
    for (auto& backup : backups) {
      // The row's own: when it was entered.
      backup.erase("id");
      backup.erase("copies");
    }
    return backups;
  }
};

}  // namespace

TEST_CASE("one run leaves a copy on a disk, in a bucket and on a host; each can be proven") {
  RemoteSite site;
  const auto full = site.json({"full", "--db", "x121"});
  INFO(full.dump(1));
  REQUIRE(full.at("exit_code") == 0);
  CHECK(full["warnings"].empty());
  const auto label = full["result"]["backups"][0]["label"].get<std::string>();
  CHECK(full["result"]["backups"][0]["copies"].size() == 3);
  for (const std::string store : {"local", "offsite", "vault"}) {
    CAPTURE(store);
    const auto reread = site.run({"verify", label, "--level", "checksum", "--store", store});
    CAPTURE(reread);
    CHECK(reread.exit_code == 0);
    const auto restored =
        site.run({"restore", label, "--db", "x121", "--into", "from_" + store, "--store", store});
    CAPTURE(restored);
    CHECK(restored.exit_code == 0);
    CHECK(database_digest(site.cluster(), "from_" + store) ==
          database_digest(site.cluster(), "x121"));
  }
  const auto checked = site.run({"check"});
  CAPTURE(checked);
  CHECK(checked.exit_code == 0);
  CHECK_THAT(checked.out, Contains("3-2-1: three copies, two kinds, one elsewhere"));
  CHECK_THAT(checked.out, Contains("s3://" + site.bucket + "/backups is readable and writable"));
  const auto page = site.run({"cat", "studio/runbook/runbook.html", "--store", "offsite"});
  CHECK(page.exit_code == 0);
  CHECK_THAT(page.out, Contains("--store s3://" + site.bucket + "/backups --site studio"));
}

TEST_CASE("a lost catalog comes back from a bucket, the same") {
  RemoteSite site;
  site.back_up("x121");
  site.must({"verify", "--db", "x121", "--store", "local"});
  const auto before = site.listed();
  CHECK(before.at(0).at("verified") == true);
  site.cluster().psql("postgres", "drop database bkp");
  site.must({"init"});
  CHECK(site.listed().empty());
  site.must({"catalog", "rebuild", "--store", "offsite"});
  CHECK(site.listed() == before);
}

TEST_CASE("a bucket, an identity and a server are enough for a restore") {
  RemoteSite site;
  site.back_up("x121");
  InstalledBkp bkp;
  for (const auto& [name, value] : site.cluster().environment("postgres"))
    bkp.with_variable(name, value);
  bkp.with_variable("AWS_ACCESS_KEY_ID", CephServer::access_key)
      .with_variable("AWS_SECRET_ACCESS_KEY", CephServer::secret_key);
  const auto restored =
      bkp.run({"restore", "latest", "--db", "x121", "--into", "alone", "--store",
               "s3://" + site.bucket + "/backups", "--endpoint", ceph().endpoint(), "--site",
               "studio", "--identity", site.identity.string()});
  CAPTURE(restored);
  CHECK(restored.exit_code == 0);
  CHECK(database_digest(site.cluster(), "alone") == database_digest(site.cluster(), "x121"));
}

TEST_CASE("a host with SSH, its key, an identity and a server are enough for a restore") {
  RemoteSite site;
  site.back_up("x121");
  InstalledBkp bkp;
  for (const auto& [name, value] : site.cluster().environment("postgres"))
    bkp.with_variable(name, value);
  const std::vector<std::string> without_key{
      "restore",       "latest",
      "--db",          "x121",
      "--into",        "alone",
      "--store",       site.sshd.url(site.directory() / "vault"),
      "--site",        "studio",
      "--identity",    site.identity.string(),
      "--known-hosts", (site.directory() / "known_hosts").string()};
  const auto refused = bkp.run(without_key);
  CAPTURE(refused);
  CHECK(refused.exit_code == 9);
  CHECK_THAT(refused.err, Contains("--ssh-key"));
  auto arguments = without_key;
  arguments.insert(arguments.end(), {"--ssh-key", site.sshd.key().string()});
  const auto restored = bkp.run(arguments);
  CAPTURE(restored);
  CHECK(restored.exit_code == 0);
  CHECK(database_digest(site.cluster(), "alone") == database_digest(site.cluster(), "x121"));
}

TEST_CASE("what is beyond the rules goes from every store") {
  RemoteSite site;
  site.back_up("x121");
  auto config = read_text(site.config_file());
  const std::string rules =
      "    retention: {last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, quarterly: 0}\n";
  for (const std::string name : {"local", "offsite", "vault"}) {
    const auto at = config.find("  - name: " + name + "\n");
    config.insert(config.find('\n', at) + 1, rules);
  }
  site.write_config(config);
  const auto newer = site.back_up("x121");
  const auto pruned = site.json({"prune"});
  INFO(pruned.dump(1));
  CHECK(pruned.at("exit_code") == 0);
  for (const auto& store : pruned["result"]["stores"]) CHECK(store["removed"] == 1);
  CHECK(site.json({"list"})["result"]["backups"].size() == 1);
  CHECK(site.run({"verify", newer, "--level", "checksum"}).exit_code == 0);
}

TEST_CASE("a store that cannot be used keeps no other from its copy, and says why") {
  RemoteSite site;
  SECTION("a wrong secret") {
    write_private(site.secrets, credentials("wrong"));
    const auto full = site.run({"full", "--db", "x121"});
    CAPTURE(full);
    CHECK(full.exit_code == 0);
    CHECK_THAT(full.err, Contains("offsite"));
    const auto checked = site.run({"check"});
    CHECK_THAT(checked.out, Contains("store offsite"));
  }
  SECTION("another host's key") {
    std::string text = site.sshd.known_hosts_line();
    text.replace(text.rfind(' ') + 30, 4, "AAAA");
    write_text(site.directory() / "known_hosts", text + "\n");
    const auto full = site.run({"full", "--db", "x121"});
    CAPTURE(full);
    CHECK(full.exit_code == 3);
    CHECK_THAT(full.err, Contains("vault"));
  }
  SECTION("credentials that others can read") {
    site.back_up("x121");
    std::filesystem::permissions(site.secrets, std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    const auto verified = site.run({"verify", "--store", "offsite"});
    CAPTURE(verified);
    CHECK(verified.exit_code == 9);
  }
}
