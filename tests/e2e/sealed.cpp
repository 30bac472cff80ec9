// Sealed backups, by the installed programs and beside Debian's age and openssl.
#include "e2e/sealed_site.hpp"
#include "seal/sealing.hpp"
#include "stream/sinks.hpp"
#include "support/damage.hpp"
#include "support/recording_sink.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("a key is made once, for its owner alone") {
  const TemporaryDirectory directory;
  const auto file = (directory.path() / "identity.txt").string();
  const auto made = InstalledBkp{}.run({"key", "generate", "--out", file});
  CAPTURE(made);
  REQUIRE(made.exit_code == 0);
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
  const auto recipient = output_of(Program{{"age-keygen", "-y", file}});
  CHECK_THAT(made.out, Contains(recipient.substr(0, recipient.size() - 1)));
  CHECK_THAT(made.out, !Contains("AGE-SECRET-KEY"));
  CHECK(InstalledBkp{}.run({"key", "show", "--identity", file}).out ==
        recipient.substr(0, recipient.size() - 1) + "  " + file + "\n");
  const auto before = read_text(file);
  const auto again = InstalledBkp{}.run({"key", "generate", "--out", file});
  CHECK(again.exit_code == 11);
  CHECK_THAT(again.err, Contains("never overwritten"));
  CHECK(read_text(file) == before);
  std::filesystem::permissions(file, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  CHECK(InstalledBkp{}.run({"key", "show", "--identity", file}).exit_code == 9);
}

TEST_CASE("what needs no configuration does without one that BKP_CONFIG names and is not there") {
  const TemporaryDirectory directory;
  InstalledBkp bkp;
  bkp.with_config(directory / "gone.yaml");
  const auto made = bkp.run({"key", "generate", "--out", (directory / "identity.txt").string()});
  CAPTURE(made);
  CHECK(made.exit_code == 0);
  const auto named = bkp.run({"key", "generate", "--out", (directory / "other.txt").string(),
                              "--config", (directory / "gone.yaml").string()});
  CHECK(named.exit_code == 4);
  CHECK(bkp.run({"list"}).exit_code == 4);
}

TEST_CASE("a signing key is a pair that openssl takes") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "signing.pem";
  CHECK(InstalledBkp{}.run({"key", "generate", "--signing", "--out", file.string()}).exit_code ==
        0);
  CHECK(output_of(Program{{"openssl", "pkey", "-in", file.string(), "-pubout"}}) ==
        read_text(directory.path() / "signing.pub"));
  CHECK(InstalledBkp{}.run({"key", "generate", "--signing", "--out", file.string()}).exit_code ==
        11);
}

TEST_CASE("age and bkp open each other's files, whatever their size") {
  const Keys keys;
  for (const std::size_t size : {0U, 1U, 65535U, 65536U, 65537U, 5000000U}) {
    CAPTURE(size);
    const auto text = noise(size);
    const auto plain = keys.directory.path() / "plain";
    const auto sealed = keys.directory.path() / "sealed";
    write_text(plain, text);
    for (const std::string armor : {"", " -a"}) {
      const auto opened = shell("age" + armor + " -r " + keys.recipient + " < " + quoted(plain) +
                                " | " + keys.unseal() + " | cmp - " + quoted(plain));
      CAPTURE(opened);
      CHECK(opened.exit_code == 0);
    }
    stream::StringSink file;
    seal::SealSink seal{file, {seal::Recipient::parse(keys.recipient)}};
    seal.write(std::as_bytes(std::span{text}));
    seal.finish();
    write_text(sealed, file.text());
    const auto opened =
        shell("age -d -i " + quoted(keys.own) + " " + quoted(sealed) + " | cmp - " + quoted(plain));
    CAPTURE(opened);
    CHECK(opened.exit_code == 0);
  }
}

TEST_CASE("a GiB passes through age and unseal") {
  const Keys keys;
  const std::string plain = "head -c 1G /dev/zero";
  const auto before = shell(plain + " | sha256sum");
  const auto after =
      shell(plain + " | age -r " + keys.recipient + " | " + keys.unseal() + " | sha256sum");
  CAPTURE(before, after);
  REQUIRE(before.exit_code == 0);
  CHECK(after.exit_code == 0);
  CHECK(after.out == before.out);
}

TEST_CASE("a passphrase opens what was sealed with it") {
  const TemporaryDirectory directory;
  const auto passphrase = directory.path() / "passphrase";
  write_text(passphrase, "password\n");
  std::filesystem::permissions(passphrase, std::filesystem::perms::owner_read);
  // The body of a vector whose passphrase is known.
  const auto vector = read_text(BKP_TEST_DATA "/age-testkit/armor_scrypt");
  const auto sealed = vector.substr(vector.find("\n\n") + 2);
  const std::vector<std::string> arguments{"unseal", "--passphrase-file", passphrase.string()};
  CHECK(InstalledBkp{}.run(arguments, sealed).exit_code == 0);
  std::filesystem::permissions(passphrase, std::filesystem::perms::owner_all);
  write_text(passphrase, "wrong\n");
  const auto refused = InstalledBkp{}.run(arguments, sealed);
  CHECK(refused.exit_code == 9);
  CHECK(refused.out.empty());
  for (const auto& file : {directory.path(), directory / "nothing"})
    CHECK(InstalledBkp{}.run({"unseal", "--passphrase-file", file.string()}, sealed).exit_code ==
          9);
}

TEST_CASE("of a file that was cut or changed comes what is proven, and exit 8") {
  const Keys keys;
  const auto plain = keys.directory.path() / "plain";
  const auto sealed = keys.directory.path() / "sealed";
  const auto text = noise(300000);
  write_text(plain, text);
  for (const std::string damage :
       {"head -c 200000", "(head -c 200000; echo -n x; tail -c +200002)", "(cat; echo x)"}) {
    CAPTURE(damage);
    shell("age -r " + keys.recipient + " < " + quoted(plain) + " > " + quoted(sealed) + "0");
    shell(damage + " < " + quoted(sealed) + "0 > " + quoted(sealed));
    const auto opened = shell(keys.unseal() + " < " + quoted(sealed));
    CHECK(opened.exit_code == 8);
    CHECK((opened.out == text.substr(0, opened.out.size())));
    CHECK(opened.out.size() >= 3 * 65536);
    CHECK(opened.out.size() % 65536 == 0);
  }
}

TEST_CASE("what is sealed in a store opens with age, zstd and pg_restore") {
  SealedSite site;
  CHECK_FALSE(std::filesystem::exists(site.file("dump.pgc.zst")));
  const auto contents =
      shell("age -d -i " + quoted(site.keys.own) + " " + quoted(site.file("dump.pgc.zst.age")) +
            " | zstd -dc > " + quoted(site.directory() / "dump") + " && pg_restore -l " +
            quoted(site.directory() / "dump"));
  CAPTURE(contents);
  CHECK(contents.exit_code == 0);
  CHECK_THAT(contents.out, Contains("TABLE DATA public t "));
  const auto plain = shell("grep -rlE 'PGDMP|CREATE ROLE' " + quoted(site.store()));
  CHECK(plain.out.empty());
}

TEST_CASE("without the identity a copy can be re-read and not restored; with it both") {
  SealedSite site;
  const auto reread = site.run({"verify", "--db", "x121", "--level", "checksum"});
  CAPTURE(reread);
  CHECK(reread.exit_code == 0);
  CHECK_THAT(reread.out, Contains("no identity here"));
  for (const std::vector<std::string>& keys :
       {std::vector<std::string>{}, {"--identity", site.keys.other.string()}}) {
    for (std::vector<std::string> command : {std::vector<std::string>{"verify", "--db", "x121"},
                                             {"restore", "latest", "--db", "x121"}}) {
      command.insert(command.end(), keys.begin(), keys.end());
      const auto refused = site.run(command);
      CAPTURE(refused);
      CHECK(refused.exit_code == 9);
      CHECK_THAT(refused.err, Contains("is sealed for " + site.keys.recipient));
    }
  }
  CHECK(site.json({"list"})["result"]["backups"][0]["verified"] == false);
  site.configure(site.keys.other.string() + ", " + site.keys.own.string());
  CHECK(site.run({"verify", "--db", "x121"}).exit_code == 0);
  CHECK(site.run({"restore", "latest", "--db", "x121", "--into", "back"}).exit_code == 0);
  CHECK(database_digest(site.cluster(), "back") == database_digest(site.cluster(), "x121"));
}

TEST_CASE("with a store, an identity and a public key alone") {
  SealedSite site;
  const auto restore = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"restore",    "latest",
                                       "--db",       "x121",
                                       "--into",     "alone",
                                       "--site",     "studio",
                                       "--store",    "file://" + site.store().string(),
                                       "--identity", site.keys.own.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    InstalledBkp bkp;
    for (const auto& [name, value] : site.cluster().environment("postgres"))
      bkp.with_variable(name, value);
    return bkp.run(arguments);
  };
  const auto refused = restore({});
  CAPTURE(refused);
  CHECK(refused.exit_code == 8);
  CHECK_THAT(refused.err, Contains("--trusted-key"));
  const auto done = restore({"--trusted-key", site.public_key()});
  CAPTURE(done);
  CHECK(done.exit_code == 0);
  CHECK(database_digest(site.cluster(), "alone") == database_digest(site.cluster(), "x121"));
}

TEST_CASE("old backups stay readable with the old identity, and check says which opens which") {
  SealedSite site;
  site.keys.recipient = output_of(Program{{"age-keygen", "-y", site.keys.other.string()}});
  site.keys.recipient.pop_back();
  site.configure(site.keys.own.string() + ", " + site.keys.other.string());
  const auto newer = site.back_up("x121");
  CHECK(site.run({"verify", "--all"}).exit_code == 0);
  const auto checked = site.run({"check"});
  CAPTURE(checked);
  CHECK_THAT(checked.out, Contains("\"" + site.keys.own.string() +
                                   "\" opens 1 backup (the newest " + site.label + ")"));
  CHECK_THAT(checked.out, Contains("\"" + site.keys.other.string() + "\" opens 1 backup"));
  site.configure(site.keys.other.string());
  CHECK_THAT(site.run({"check"}).out, Contains("no identity here opens 1 backup"));
}

TEST_CASE("cat prints any object's plain bytes, and nothing of a damaged one") {
  SealedSite site;
  const auto key = "studio/backups/" + site.label + "/";
  const auto globals =
      site.run({"cat", key + "globals.sql.zst.age", "--identity", site.keys.own.string()});
  CAPTURE(globals);
  CHECK(globals.exit_code == 0);
  CHECK_THAT(globals.out, Contains("PostgreSQL database cluster dump complete"));
  CHECK(site.run({"cat", key + "globals.sql.zst.age"}).exit_code == 9);
  CHECK(site.run({"cat", key + "manifest.json"}).out == read_text(site.file("manifest.json")));
  CHECK(site.run({"cat", key + "runbook.html"}).out == read_text(site.file("runbook.html")));
  CHECK(site.run({"cat", "studio/site.json"}).out == read_text(site.store() / "studio/site.json"));
  CHECK(site.run({"cat", key + "manifest.json.sig"}).out ==
        read_text(site.file("manifest.json.sig")));
  site.must({"hold", site.label, "--reason", "audit"});
  const auto mark = *std::filesystem::directory_iterator{site.file("marks")};
  const auto mark_key = key + "marks/" + mark.path().filename().string();
  CHECK(site.run({"cat", mark_key}).out == read_text(mark.path()));
  write_text(mark.path(), "{}");
  CHECK(site.run({"cat", mark_key}).exit_code == 8);
  CHECK(site.run({"cat", key + "nothing"}).exit_code == 10);
  CHECK(site.run({"cat", key + "marks/nothing"}).exit_code == 10);
  CHECK(site.run({"cat", key + "manifest.json", "--json"}).exit_code == 2);
  flip_a_bit(site.file("globals.sql.zst.age"));
  const auto damaged =
      site.run({"cat", key + "globals.sql.zst.age", "--identity", site.keys.own.string()});
  CHECK(damaged.exit_code == 8);
  CHECK(damaged.out.empty());
}
