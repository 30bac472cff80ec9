#pragma once

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "support/site.hpp"

namespace bkp::test {

inline std::string quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

inline Outcome shell(const std::string& script) {
  return Program{{"bash", "-o", "pipefail", "-c", script}}.run();
}

/// Two key pairs of age's own making, and bkp without a site.
struct Keys {
  TemporaryDirectory directory;
  std::filesystem::path own = directory.path() / "own.txt";
  std::filesystem::path other = directory.path() / "other.txt";
  std::string recipient;

  Keys() {
    for (const auto& file : {own, other}) output_of(Program{{"age-keygen", "-o", file.string()}});
    recipient = output_of(Program{{"age-keygen", "-y", own.string()}});
    recipient.pop_back();
  }

  std::string unseal() const {
    return quoted(InstalledBkp::program()) + " unseal --identity " + quoted(own);
  }
};

/// A site that seals and signs, with one backup of database x121.
struct SealedSite : Site {
  Keys keys;
  std::filesystem::path signing = directory() / "signing.pem";
  std::string label;

  SealedSite() {
    output_of(Program{{"openssl", "genpkey", "-algorithm", "ed25519", "-out", signing.string()}});
    std::filesystem::permissions(signing, std::filesystem::perms::owner_read);
    configure("");
    must({"init"});
    cluster().create_database("x121");
    cluster().psql("x121",
                   "create table t as select i, md5(i::text) from generate_series(1, 9000) i");
    label = back_up("x121");
  }

  void configure(const std::string& identities) {
    write_config(base_config() + "encryption:\n  recipients: [" + keys.recipient + "]\n" +
                 "  identity_files: [" + identities + "]\n" +
                 "signing: {key_file: " + signing.string() + "}\n");
  }

  std::filesystem::path file(const std::string& name) const {
    return store() / "studio/backups" / label / name;
  }

  void lose_catalog() {
    cluster().psql("postgres", "drop database bkp");
    must({"init"});
  }

  std::string public_key() const {
    const auto path = directory() / "signing.pub";
    output_of(
        Program{{"openssl", "pkey", "-in", signing.string(), "-pubout", "-out", path.string()}});
    return path.string();
  }

  /// verify, restore and rebuild refuse the backup, and take it with --ignore-signature.
  void check_refused(const std::string& text) {
    const std::string identity = keys.own.string();
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"verify", label, "--level", "checksum"},
          {"restore", label, "--db", "x121", "--into", "back", "--dry-run", "--identity", identity},
          {"catalog", "rebuild", "--store", "local"}}) {
      const auto refused = run(command);
      CAPTURE(refused);
      CHECK(refused.exit_code == 8);
      CHECK_THAT(refused.err, Catch::Matchers::Contains(text));
      if (command.front() != "verify")
        CHECK_THAT(refused.err, Catch::Matchers::Contains("--ignore-signature"));
    }
  }
};

}  // namespace bkp::test
