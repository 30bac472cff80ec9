// The runbook of a site whose stores are a disk, a bucket and a host, sealed and signed: its
// commands on the day when the disk is lost with everything else on its machine.
#include <catch2/catch.hpp>

#include "e2e/runbook_bench.hpp"
#include "support/remote_stores.hpp"

using namespace bkp::test;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

/// What a careful operator keeps elsewhere, and the stores.
struct Elsewhere {
  TemporaryDirectory keys;
  Sshd sshd;
  std::string bucket = ceph().make_bucket();
  fs::path identity = keys / "identity.txt";
  fs::path secrets = keys / "s3.ini";
  fs::path vault = keys / "vault";
};

/// The host's own files of the same kind, lost with it.
struct AwayBench {
  Elsewhere elsewhere;
  TemporaryDirectory host;
  fs::path signing = host / "signing.pem";
  fs::path known_hosts = host / "known_hosts";
  Bench bench{"databases: {exclude: [bkp, postgres]}\n", "studio",
              [this](const Site& site) { prepare(site); }};

  void prepare(const Site& site) const {
    make_signing_key();
    output_of(Program{{"age-keygen", "-o", elsewhere.identity.string()}});
    auto recipient = output_of(Program{{"age-keygen", "-y", elsewhere.identity.string()}});
    recipient.pop_back();
    write_private(elsewhere.secrets, credentials());
    write_text(known_hosts, elsewhere.sshd.known_hosts_line() + "\n");
    auto config = read_text(site.config_file());
    config.insert(
        config.find("recover:"),
        bucket_yaml("offsite", elsewhere.bucket, ceph().endpoint(), elsewhere.secrets, true) +
            host_yaml("vault", elsewhere.sshd, elsewhere.vault, known_hosts));
    site.write_config(config + "encryption: {recipients: [" + recipient + "], identity_files: [" +
                      elsewhere.identity.string() + "]}\nsigning: {key_file: " + signing.string() +
                      "}\n");
  }

  void make_signing_key() const {
    const auto made =
        InstalledBkp{}.run({"key", "generate", "--signing", "--out", signing.string()});
    CAPTURE(made);
    REQUIRE(made.succeeded());
  }

  void lose_disk() { fs::remove_all(bench.site().store()); }
  void lose_host() {
    lose_disk();
    bench.cluster().start_over();
    fs::remove(bench.site().config_file());
    fs::remove_all(bench.site().directory() / "state");
    fs::remove(known_hosts);
    fs::remove(signing);
    fs::remove(fs::path{signing}.replace_extension(".pub"));
  }
};

}  // namespace

TEST_CASE("chapter C: host and disk are lost; the stores elsewhere bring back cluster and site") {
  const std::string fetched = GENERATE(as<std::string>{}, "fetch-host-2", "fetch-host-3");
  AwayBench site;
  auto& bench = site.bench;
  const auto label = bench.site().json({"list"}).at("result").at("backups").at(0).at("label");
  site.lose_host();
  // As the page's list of files tells for a key that is lost for good.
  site.make_signing_key();
  CHECK(bench.follow("host", true, std::nullopt, fetched) >= 12);
  CHECK(database_digest(bench.cluster(), "studio") == bench.digest());
  CHECK(bench.cluster().psql("postgres", "select 1 from pg_roles where rolname = 'artist'") == "1");
  const auto backups = bench.site().json({"list"}).at("result").at("backups");
  CHECK(backups.size() == 2);
  CHECK(backups[0].at("copies").size() == 3);
  // The old one, signed by the key that is gone.
  for (const auto* store : {"local", "offsite", "vault"}) {
    const auto outcome =
        bench.site().run({"verify", label, "--level", "checksum", "--store", store});
    CAPTURE(outcome);
    CHECK(outcome.succeeded());
  }
  CHECK(bench.site().cluster().psql("bkp",
                                    "select count(*) from bkp.audit_log where action = "
                                    "'take-over'") == "2");
}

TEST_CASE("chapter F: stock tools fetch what is elsewhere, prove it and bring it back") {
  const std::string fetched = GENERATE(as<std::string>{}, "fetch-1-2", "fetch-1-3");
  AwayBench site;
  auto& cluster = site.bench.cluster();
  cluster.psql("studio",
               "alter database studio set work_mem = '64MB';"
               "grant connect on database studio to artist");
  site.bench.site().must({"full"});
  site.bench.site().must({"runbook", "--out", site.bench.page().string()});
  site.lose_disk();
  CHECK(site.bench.follow("stock-1", false, std::nullopt, fetched) == 7);
  CHECK(database_digest(cluster, "studio_by_hand") == site.bench.digest());
  cluster.psql("postgres", "drop database studio");
  REQUIRE(site.bench.type(site.bench.step("stock-missing-1-switch").text, false).succeeded());
  CHECK(cluster.has_database("studio"));
  const auto shown = site.bench.type(site.bench.step("stock-missing-1-properties").text, false);
  CHECK_THAT(shown.out, Contains("ALTER DATABASE studio SET work_mem TO '64MB';") &&
                            Contains("GRANT CONNECT ON DATABASE studio TO artist;") &&
                            Contains("ALTER DATABASE studio OWNER TO postgres;"));
}

TEST_CASE("chapter E: without configuration and catalog, with what the page and the keys tell") {
  AwayBench site;
  auto& bench = site.bench;
  site.lose_disk();
  fs::remove(bench.site().config_file());
  std::string server;
  for (const auto& [name, value] : bench.cluster().environment("postgres"))
    if (name.starts_with("PG")) server += "export " + name + "='" + value + "'\n";
  const auto command = bench.step("alone-1-restore-alone").text;
  CHECK_THAT(command, Contains("s3://" + site.elsewhere.bucket));
  const auto restored = bench.type(server + command);
  CAPTURE(restored);
  CHECK(restored.succeeded());
  CHECK(database_digest(bench.cluster(), "studio_restored") == bench.digest());
}

TEST_CASE("after a rotation the page has both keys and says who else opens older backups") {
  AwayBench site;
  auto& bench = site.bench;
  const auto old_identity = site.elsewhere.keys / "old.txt";
  fs::rename(site.elsewhere.identity, old_identity);
  auto old_recipient = output_of(Program{{"age-keygen", "-y", old_identity.string()}});
  old_recipient.pop_back();
  output_of(Program{{"age-keygen", "-o", site.elsewhere.identity.string()}});
  auto recipient = output_of(Program{{"age-keygen", "-y", site.elsewhere.identity.string()}});
  recipient.pop_back();
  const auto old_key = site.host / "signing-2025.pub";
  fs::rename(fs::path{site.signing}.replace_extension(".pub"), old_key);
  fs::remove(site.signing);
  site.make_signing_key();
  auto config = read_text(bench.site().config_file());
  config.replace(config.find(old_recipient), old_recipient.size(), recipient);
  config.insert(
      config.find(site.elsewhere.identity.string() + "]") + site.elsewhere.identity.string().size(),
      ", " + old_identity.string());
  config.insert(config.find("signing: {") + 10, "trusted_keys: [" + old_key.string() + "], ");
  bench.site().write_config(config);
  // The newest backup is still the old key's; the second that is tried.
  bench.site().must({"runbook", "--out", bench.page().string()});
  CHECK_THAT(bench.step("host-public-keys").text,
             Contains(old_key.string()) && Contains("signing-trusted.pub"));
  CHECK(bench.follow("stock-1", false, std::nullopt, "fetch-1-1") == 7);
  CHECK(database_digest(bench.cluster(), "studio_by_hand") == bench.digest());
  bench.site().must({"full"});
  bench.site().must({"runbook", "--out", bench.page().string()});
  CHECK_THAT(read_text(bench.page()), Contains("Older backups are sealed for " + old_recipient));
}
