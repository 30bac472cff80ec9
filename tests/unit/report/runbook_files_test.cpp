#include "report/runbook_files.hpp"

#include <catch2/catch.hpp>

#include "seal/signing.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::report {

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

std::vector<std::string> paths_of(const std::vector<RunbookFile>& files) {
  std::vector<std::string> paths;
  for (const auto& file : files) paths.push_back(file.path);
  return paths;
}

config::Store store_at(const std::string& name, const std::string& url) {
  config::Store store;
  store.name = name;
  store.url = url;
  return store;
}

/// Signing keys on a disk, and a configuration that names them.
struct SigningSite {
  test::TemporaryDirectory directory;
  config::Config config;

  /// Returns the public half.
  std::string make_key(const std::string& name) const {
    const auto key = seal::SigningKey::generate();
    test::write_text(directory / (name + ".pem"), key.private_pem());
    fs::permissions(directory / (name + ".pem"), fs::perms{0600});
    test::write_text(directory / (name + ".pub"), key.public_pem());
    return key.public_pem();
  }
};

}  // namespace

TEST_CASE("every file that the configuration needs is named once, with what to do without it") {
  config::Config config;
  CHECK(needed_files(config).empty());
  config.cluster.password_file = "/etc/bkp/pgpass";
  config.catalog.password_file = "/etc/bkp/catalog";
  config.stores = {store_at("local", "file:///srv"), store_at("offsite", "s3://bucket"),
                   store_at("vault", "sftp://u@h/p")};
  config.stores[1].s3.credentials = s3::CredentialsFile{"/etc/bkp/s3.ini", "backup"};
  config.stores[1].s3.ca_file = "/etc/bkp/ca.pem";
  config.stores[2].sftp.key_file = "/etc/bkp/id";
  config.encryption.recipients = {"age1x"};
  config.signing.key_file = "/etc/bkp/signing.pem";
  config::MailWay mail;
  mail.password_file = "/etc/bkp/smtp";
  const auto add = [&](auto way) { config.notify.channels.emplace_back().way = std::move(way); };
  add(config::SlackWay{"/etc/bkp/slack"});
  add(std::move(mail));
  add(config::MailWay{});
  add(config::PingWay{"/etc/bkp/ping"});
  const auto files = needed_files(config);
  CHECK(paths_of(files) == std::vector<std::string>{"/etc/bkp/pgpass", "/etc/bkp/catalog",
                                                    "/etc/bkp/s3.ini", "/etc/bkp/ca.pem",
                                                    "/etc/bkp/id", "/etc/bkp/identity.txt",
                                                    "/etc/bkp/signing.pem", "/etc/bkp/slack",
                                                    "/etc/bkp/smtp", "/etc/bkp/ping"});
  for (const auto& file : files) {
    CHECK_FALSE(file.purpose.empty());
    CHECK_FALSE(file.otherwise.empty());
  }
  config.encryption.identity_files = {"/k/new", "/k/old"};
  CHECK_THAT(paths_of(needed_files(config)),
             Catch::VectorContains(std::string{"/k/old"}) &&
                 !Catch::VectorContains(std::string{"/etc/bkp/identity.txt"}));
}

TEST_CASE("the signing key's public half is trusted on a new host, beside those that are named") {
  SigningSite site;
  CHECK(public_keys_for_new_host(site.config).empty());
  const auto own = site.make_key("signing");
  site.config.signing.key_file = site.directory / "signing.pem";
  auto keys = public_keys_for_new_host(site.config);
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].pem == own);
  CHECK(keys[0].file == site.directory / "signing-trusted.pub");
  CHECK(for_new_host(site.config, keys).signing.trusted_keys ==
        std::vector<fs::path>{site.directory / "signing-trusted.pub"});

  SECTION("an older key keeps its file") {
    const auto old = site.make_key("old");
    site.config.signing.trusted_keys = {site.directory / "old.pub"};
    keys = public_keys_for_new_host(site.config);
    REQUIRE(keys.size() == 2);
    CHECK(keys[1].file == site.directory / "old.pub");
    CHECK(keys[1].pem == old);
    CHECK(for_new_host(site.config, keys).signing.trusted_keys.size() == 2);
  }
  SECTION("one that is named already needs no other file") {
    site.config.signing.trusted_keys = {site.directory / "signing.pub"};
    keys = public_keys_for_new_host(site.config);
    REQUIRE(keys.size() == 1);
    CHECK(keys[0].file == site.directory / "signing.pub");
    CHECK(for_new_host(site.config, keys).signing.trusted_keys == site.config.signing.trusted_keys);
  }
  SECTION("another key may have taken the name") {
    fs::rename(site.directory / "signing.pem", site.directory / "kept.pem");
    site.make_key("signing");
    fs::rename(site.directory / "signing.pub", site.directory / "signing-trusted.pub");
    fs::rename(site.directory / "kept.pem", site.directory / "signing.pem");
    site.config.signing.trusted_keys = {site.directory / "signing-trusted.pub"};
    keys = public_keys_for_new_host(site.config);
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].file == site.directory / "signing-trusted-2.pub");
    CHECK(keys[0].pem == own);
  }
}

TEST_CASE("of known_hosts the lines of the store's host are on the page") {
  const test::TemporaryDirectory directory;
  const util::Environment environment;
  const std::string key =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDc5R7BaYnFxCgBYeLFVaQPZZyaZAxxPSsjA5sGv8d2Y";
  test::write_text(directory / "known_hosts",
                   "other " + key + "\n[vault.example]:2222 " + key + " comment\n");
  auto store = store_at("vault", "sftp://bkp@vault.example:2222/srv");
  store.sftp.known_hosts_file = directory / "known_hosts";
  CHECK(host_key_lines(store, environment) == "[vault.example]:2222 " + key + "\n");
  store.sftp.known_hosts_file = directory / "none";
  CHECK(host_key_lines(store, environment).empty());
  CHECK(host_key_lines(store_at("local", "file:///srv"), environment).empty());
}

}  // namespace bkp::report
