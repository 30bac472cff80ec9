// Signed backups, by the installed programs and beside Debian's openssl.
#include "e2e/sealed_site.hpp"
#include "support/damage.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("a new signing key condemns no backup of the old one, and check says what is missing") {
  SealedSite site;
  const auto old_public = site.directory() / "old.pub";
  std::filesystem::copy(site.public_key(), old_public);
  std::filesystem::remove(site.signing);
  output_of(
      Program{{"openssl", "genpkey", "-algorithm", "ed25519", "-out", site.signing.string()}});
  std::filesystem::permissions(site.signing, std::filesystem::perms::owner_read);
  const auto checked = site.run({"check"});
  CAPTURE(checked);
  CHECK_THAT(checked.out, Contains("no key that is trusted here has signed") &&
                              Contains("signing.trusted_keys"));
  const auto refused = site.run({"verify", site.label, "--level", "checksum"});
  CAPTURE(refused);
  CHECK(refused.exit_code == 8);
  CHECK_THAT(refused.out + refused.err, Contains("trusted_keys"));
  const auto shown = site.json({"show", site.label})["result"]["backup"];
  INFO(shown.dump(1));
  CHECK(shown["copies"][0]["error_message"].is_null());
  CHECK(
      site.run({"verify", site.label, "--level", "checksum", "--trusted-key", old_public.string()})
          .exit_code == 0);
}

TEST_CASE("openssl checks the signature of a manifest") {
  SealedSite site;
  const auto checked =
      Program{{"openssl", "pkeyutl", "-verify", "-pubin", "-inkey", site.public_key(), "-rawin",
               "-in", site.file("manifest.json").string(), "-sigfile",
               site.file("manifest.json.sig").string()}}
          .run();
  CAPTURE(checked);
  CHECK(checked.exit_code == 0);
}

TEST_CASE("a manifest that somebody changed or wrote is refused, until told otherwise") {
  SealedSite site;
  SECTION("a byte of the manifest") {
    auto text = read_text(site.file("manifest.json"));
    const auto version = text.find("\"bkp_version\": \"");
    REQUIRE(version != text.npos);
    text[version + 16] = '9';
    write_text(site.file("manifest.json"), text);
    site.check_refused("was not signed like this by any trusted key");
    // What the catalog knew of the manifest was right, and would not let it pass either.
    site.lose_catalog();
    CHECK(site.run({"catalog", "rebuild", "--store", "local", "--ignore-signature"}).exit_code ==
          0);
    CHECK(site.run({"verify", site.label, "--level", "checksum", "--ignore-signature"}).exit_code ==
          0);
  }
  SECTION("a byte of the signature") {
    flip_a_bit(site.file("manifest.json.sig"));
    site.check_refused("was not signed like this by any trusted key");
  }
  SECTION("no signature") {
    std::filesystem::remove(site.file("manifest.json.sig"));
    site.check_refused("is not signed, and this site's manifests must be");
  }
  SECTION("another key") {
    const auto own = site.directory() / "own.pem";
    output_of(Program{{"openssl", "genpkey", "-algorithm", "ed25519", "-out", own.string()}});
    std::filesystem::permissions(own, std::filesystem::perms::owner_read);
    std::filesystem::remove(site.signing);
    std::filesystem::copy(own, site.signing);
    site.check_refused("was not signed like this by any trusted key");
  }
}

TEST_CASE("a signature that is lost or damaged in one place is found there, and mended") {
  SealedSite site;
  site.add_store("vault");
  site.must({"init"});
  site.must({"copy", "--to", "vault"});
  const auto signature =
      site.directory() / "vault/studio/backups" / site.label / "manifest.json.sig";
  const auto before = read_text(signature);
  SECTION("lost") {
    std::filesystem::remove(signature);
  }
  SECTION("damaged") {
    write_text(signature, std::string(64, 'x'));
  }
  const auto found = site.run({"verify", "--all", "--level", "checksum"});
  CAPTURE(found);
  CHECK(found.exit_code == 8);
  CHECK_THAT(found.err, Contains("`bkp copy " + site.label + " --to vault` mends"));
  CHECK_THAT(site.run({"list"}).out, Contains("vault (damaged)") || Contains("damaged"));
  const auto mended = site.run({"copy", "--to", "vault"});
  CAPTURE(mended);
  CHECK_THAT(mended.out, Contains("replaced manifest.json.sig"));
  CHECK(read_text(signature) == before);
  CHECK(site.run({"verify", "--all", "--level", "checksum"}).exit_code == 0);
}

TEST_CASE("an old backup under a new label is refused") {
  SealedSite site;
  site.cluster().psql("x121", "update t set md5 = 'newer'");
  const auto newer = site.back_up("x121");
  const auto place = site.store() / "studio/backups" / newer;
  std::filesystem::remove_all(place);
  std::filesystem::copy(site.store() / "studio/backups" / site.label, place,
                        std::filesystem::copy_options::recursive);
  const auto refused = site.run({"restore", newer, "--db", "x121", "--identity",
                                 site.keys.own.string(), "--ignore-signature"});
  CAPTURE(refused);
  CHECK(refused.exit_code == 8);
  CHECK_THAT(refused.err, Contains("so it was moved here"));
}
