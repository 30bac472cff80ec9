#include "seal/keys.hpp"

#include <catch2/catch.hpp>

#include "seal/bech32.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "util/files.hpp"

using namespace bkp;
using Catch::Matchers::Contains;
using test::error_of;

namespace {

// The pair that age's own tests and documents use.
const std::string secret =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const std::string recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

}  // namespace

TEST_CASE("bech32 is that of BIP 173") {
  // Its valid vectors, among them one of 90 characters.
  for (const std::string text : {"A12UEL5L", "a12uel5l",
                                 "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexc"
                                 "ludedcharactersbio1tt5tgs",
                                 "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "?1ezyfcl"}) {
    CAPTURE(text);
    CHECK(seal::from_bech32(text));
  }
  // A mixed case, no separator, an empty prefix, a character, a checksum, a short one.
  for (const std::string text : {"A12uEL5L", "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v",
                                 "A1G7SGD8", "li1dgmt3", "10a06t8", "1qzzfhee", "", "1"}) {
    CAPTURE(text);
    CHECK_FALSE(seal::from_bech32(text));
  }
  const std::vector<std::byte> data{std::byte{0}, std::byte{255}, std::byte{7}};
  const auto read = seal::from_bech32(seal::to_bech32("x", data));
  REQUIRE(read);
  CHECK(read->data == data);
  CHECK(read->prefix == "x");
}

TEST_CASE("an identity and its recipient are written as age writes them") {
  const auto identity = seal::Identity::parse(secret);
  CHECK(identity.secret_text() == secret);
  CHECK(identity.recipient().text() == recipient);
  CHECK(seal::Recipient::parse(recipient) == identity.recipient());
  const auto made = seal::Identity::generate();
  CHECK(seal::Identity::parse(made.secret_text()).recipient() == made.recipient());
  CHECK(seal::Identity::generate().secret_text() != made.secret_text());
}

TEST_CASE("what is no key is refused, and a secret is never repeated") {
  auto wrong = secret;
  wrong[30] = wrong[30] == 'Q' ? 'P' : 'Q';
  for (const auto& text : {wrong, secret.substr(0, 60), std::string{"x"}, std::string{}, recipient,
                           std::string{"AGE-PLUGIN-YUBIKEY-1QQPQ"}}) {
    CAPTURE(text);
    const auto error = error_of([&] { seal::Identity::parse(text); });
    CHECK(error.kind() == util::ErrorKind::key);
    if (text.size() > 20) CHECK_THAT(error.message(), !Contains(text.substr(5)));
  }
  const auto swapped = error_of([&] { seal::Recipient::parse(secret); });
  CHECK(swapped.kind() == util::ErrorKind::key);
  CHECK_THAT(swapped.full_message() + swapped.hint(), !Contains("GFPYYSJZ"));
  const auto typo = error_of([&] { seal::Recipient::parse(recipient.substr(0, 40)); });
  CHECK_THAT(typo.message(), Contains(recipient.substr(0, 40)));
}

TEST_CASE("an identity file may hold comments and several identities") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "identity.txt";
  const auto other = seal::Identity::generate();
  util::write_file_atomically(
      file, "# created: today\n# public key: x\n\n" + secret + "\r\n" + other.secret_text());
  const auto identities = seal::read_identity_file(file);
  REQUIRE(identities.size() == 2);
  CHECK(identities[0].recipient().text() == recipient);
  CHECK(identities[1].recipient() == other.recipient());
}

TEST_CASE("an identity file that cannot be used is an error of the key") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "identity.txt";
  const auto failure = [&] { return error_of([&] { seal::read_identity_file(file); }); };
  CHECK(failure().kind() == util::ErrorKind::key);
  util::write_file_atomically(file, "# nothing\n");
  CHECK(failure().kind() == util::ErrorKind::key);
  util::write_file_atomically(file, "# one\n" + secret.substr(0, 50) + "\n");
  CHECK(failure().kind() == util::ErrorKind::key);
  CHECK_THAT(failure().full_message(), Contains("line 2") && !Contains(secret.substr(0, 50)));
  util::write_file_atomically(file, secret + "\n", 0644);
  CHECK(failure().kind() == util::ErrorKind::key);
}
