#include "seal/signing.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "util/files.hpp"

using namespace bkp;
using test::error_of;

namespace {

// RFC 8032, section 7.1, TEST 3, its keys in the form of RFC 8410.
const std::string private_pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3\n"
    "-----END PRIVATE KEY-----\n";
const std::string public_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=\n"
    "-----END PUBLIC KEY-----\n";
const std::string signed_text = "\xaf\x82";
const std::string signature =
    "\x62\x91\xd6\x57\xde\xec\x24\x02\x48\x27\xe6\x9c\x3a\xbe\x01\xa3\x0c\xe5\x48\xa2\x84\x74\x3a"
    "\x44\x5e\x36\x80\xd7\xdb\x5a\xc3\xac\x18\xff\x9b\x53\x8d\x16\xf2\x90\xae\x67\xf7\x60\x98\x4d"
    "\xc6\x59\x4a\x7c\x15\xe9\x71\x6e\xd2\x8d\xc0\x27\xbe\xce\xea\x1e\xc4\x0a";

struct KeyFiles {
  test::TemporaryDirectory directory;
  std::filesystem::path secret = directory.path() / "signing.pem";
  std::filesystem::path trusted = directory.path() / "signing.pub";

  KeyFiles() {
    util::write_file_atomically(secret, private_pem);
    util::write_file_atomically(trusted, public_pem, 0644);
  }
};

}  // namespace

TEST_CASE("a signature is that of RFC 8032") {
  const KeyFiles files;
  const auto key = seal::SigningKey::read(files.secret);
  CHECK(key.sign(signed_text) == signature);
  CHECK(key.public_pem() == public_pem);
  const auto trusted = seal::TrustedKeys::read({files.trusted});
  CHECK(trusted.signer(signed_text, signature) == files.trusted);
}

TEST_CASE("a signature of another text, another key or another length is none") {
  const KeyFiles files;
  const auto trusted = seal::TrustedKeys::read({files.trusted});
  CHECK_FALSE(trusted.signer(signed_text + "x", signature));
  CHECK_FALSE(trusted.signer(signed_text, signature.substr(1)));
  CHECK_FALSE(trusted.signer(signed_text, ""));
  auto flipped = signature;
  flipped[0] ^= 1;
  CHECK_FALSE(trusted.signer(signed_text, flipped));
  CHECK_FALSE(seal::TrustedKeys{}.signer(signed_text, signature));
}

TEST_CASE("a key file that cannot be used is an error of the key") {
  const KeyFiles files;
  const auto kind = [](auto&& read) { return error_of(read).kind(); };
  const auto nowhere = files.directory.path() / "nowhere";
  CHECK(kind([&] { seal::SigningKey::read(nowhere); }) == util::ErrorKind::key);
  CHECK(kind([&] { seal::SigningKey::read(files.trusted); }) == util::ErrorKind::key);
  CHECK(kind([&] { seal::TrustedKeys::read({files.trusted, nowhere}); }) == util::ErrorKind::key);
  CHECK(kind([&] { seal::TrustedKeys::read({files.secret}); }) == util::ErrorKind::key);
  util::write_file_atomically(files.secret, private_pem, 0644);
  CHECK(kind([&] { seal::SigningKey::read(files.secret); }) == util::ErrorKind::key);
}
