// Secrets in exports of the configuration, and the server's own files.
#include <catch2/catch.hpp>

#include "e2e/check_failure.hpp"
#include "e2e/exported_archive.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;
using nlohmann::json;

TEST_CASE("what is redacted is nowhere in the store") {
  ExportingSite site;
  site.must({"init"});
  site.must({"config-export"});
  const ExportedArchive archive{site, newest_label(site)};
  CHECK(read_text(archive / ("env/files" + site.studio().string() + "/.env")) ==
        "NAME=studio\nDB_PASSWORD=[redacted]\n# end\n");
  const auto users = archive.read_json("users/users.json")["rows"];
  CHECK(users[0] == json{{"id", "1"}, {"name", "ada"}, {"api_token", "[redacted]"}});
}

TEST_CASE(
    "what is no text is not redacted, which would spoil it, and output without end is cut off") {
  ExportingSite site;
  site.write_config(site.base_config() + site.sections() +
                    "    - {name: snapshot, command: [printf, 'REDIS\\0 password=x'], secret: "
                    "redact}\n    - {name: endless, command: [yes]}\n");
  site.must({"init"});
  const auto outcome = site.run({"config-export"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err + outcome.out,
             Contains("\"snapshot/output\" is no text, and redacting would spoil it") &&
                 Contains("what \"yes\" prints cannot be taken: \"timeout\" printed more than "
                          "268435456 bytes"));
  const ExportedArchive archive{site, newest_label(site)};
  CHECK_FALSE(std::filesystem::exists(archive / "snapshot"));
  CHECK(std::filesystem::exists(archive / "tools/output"));
}

TEST_CASE("sealed sections are not shown unless asked for, which is recorded") {
  ExportingSite site;
  const auto recipient = site.make_identity(site.directory() / "identity.txt");
  auto config = site.base_config() + site.sections();
  config.replace(config.find("secret: redact"), 14, "secret: seal");
  check_failure(
      [&]() -> const Site& {
        site.write_config(config);
        return site;
      }(),
      {"check"}, 4, "config", "nothing is sealed on this site");
  site.write_config(config + "encryption: {recipients: [" + recipient + "], identity_files: [" +
                    (site.directory() / "identity.txt").string() + "]}\n");
  site.must({"init"});
  site.must({"config-export"});
  util::write_file_atomically(site.studio() / ".env", "DB_PASSWORD=changed-word\n");
  const auto hidden = site.must({"config-diff"});
  CHECK_THAT(hidden.out, Contains(".env changed") && !Contains("-word"));
  CHECK_THAT(site.json({"config-diff"}).dump(), !Contains("-word"));
  CHECK_THAT(site.must({"config-diff", "--reveal"}).out,
             Contains("-DB_PASSWORD=s3cret-word") && Contains("+DB_PASSWORD=changed-word"));
  CHECK(site.cluster().psql("bkp",
                            "select details->>'revealed' from bkp.audit_log where action = "
                            "'config-diff'") == "true");
  site.must({"config-restore", "--section", "env", "--yes", "studio"});
  CHECK_THAT(read_text(site.studio() / ".env"), Contains("s3cret-word"));
}

TEST_CASE("an export is signed like every backup, and one that is not is not believed") {
  ExportingSite site;
  const auto key = site.directory() / "signing.pem";
  output_of(Program{{"openssl", "genpkey", "-algorithm", "ed25519", "-out", key.string()}});
  std::filesystem::permissions(key, std::filesystem::perms::owner_read);
  site.write_config(site.base_config() + site.sections() + "signing: {key_file: " + key.string() +
                    "}\n");
  site.must({"init"});
  site.must({"config-export"});
  const auto manifest = site.store() / "studio/backups" / newest_label(site) / "manifest.json";
  CHECK(std::filesystem::exists(manifest.string() + ".sig"));
  site.must({"config-diff", "v1", "v1"});
  auto text = read_text(manifest);
  text.replace(text.find("\"host\""), 6, "\"hast\"");
  std::filesystem::permissions(manifest, std::filesystem::perms{0600});
  write_text(manifest, text);
  for (const auto* const command : {"config-diff", "config-restore"})
    CHECK(site.run({command, "v1"}).exit_code == 8);
}

TEST_CASE("what looks like a secret where nothing is sealed is said, and not shown") {
  ExportingSite site;
  auto config = site.base_config() + site.sections();
  config.replace(config.find(", secret: redact"), 16, "");
  site.write_config(config);
  site.must({"init"});
  const auto made = site.must({"config-export"});
  CHECK_THAT(made.err, Contains("section env is not sealed and has what looks like a secret") &&
                           Contains(".env, line 2") && !Contains("s3cret-word"));
}

TEST_CASE("the server's own configuration, read on its host and through it") {
  ExportingSite site;
  const auto data = site.cluster().data_directory();
  const auto add = [&](const std::string& file, const std::string& text) {
    util::write_file_atomically(data / file, read_text(data / file) + text, 0600);
    site.cluster().give(data / file);
  };
  add("postgresql.conf", "include_if_exists 'none.conf'\ninclude 'more.conf'\n");
  util::write_file_atomically(data / "more.conf", "work_mem = '5MB'  # more\n");
  site.cluster().give(data / "more.conf");
  add("pg_ident.conf", "studio ada artist\n");
  site.cluster().restart();
  site.cluster().psql("postgres", "create role artist login password 'hidden-word'");
  const bool here = GENERATE(true, false);
  auto config = site.base_config() +
                "config_export: {sections: [{name: server, server: true, secret: redact}]}\n";
  if (!here) {
    // A copy of the socket's directory under another name would be the same server; what tells
    // that it is here is its data directory, which another user cannot read.
    config.replace(config.find("cluster:"), 8, "cluster:\n  data_directory: /nonexistent");
  }
  site.write_config(config);
  site.must({"init"});
  const auto made = site.must({"config-export"});
  CAPTURE(made);
  const ExportedArchive archive{site, newest_label(site)};
  const auto files = "server/files" + data.string() + "/";
  CHECK_THAT(read_text(archive / (files + "postgresql.conf")), Contains("include 'more.conf'"));
  CHECK(read_text(archive / (files + "more.conf")) == "work_mem = '5MB'  # more\n");
  CHECK_THAT(read_text(archive / (files + "pg_ident.conf")), Contains("studio ada artist"));
  CHECK_THAT(read_text(archive / (files + "pg_hba.conf")), Contains("trust"));
  // What the server reads for it has no owner here, and is not restored here.
  const auto entry = archive.read_json("manifest.json")["sections"][0]["entries"][0];
  CHECK(entry["owner"].get<std::string>().empty() == !here);
  CHECK_THAT(read_text(archive / "server/globals.sql"),
             Contains("CREATE ROLE artist") && !Contains("SCRAM") && !Contains("\\restrict"));
  CHECK_THAT(read_text(archive / "server/settings.json"),
             Contains("\"name\":\"work_mem\",\"setting\":\"5120\""));
  CHECK(site.json({"config-export"})["result"]["config_export"]["unchanged"] == true);
}
