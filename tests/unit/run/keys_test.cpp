#include "run/keys.hpp"

#include <catch2/catch.hpp>

#include "support/bytes.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp;
using Catch::Matchers::Contains;

TEST_CASE("a host without the signing key believes the keys that are trusted, and nobody else") {
  test::TemporaryDirectory directory;
  const auto key = seal::SigningKey::generate();
  config::Config config;
  config.signing.key_file = directory / "signing.pem";
  const auto error = test::error_of([&] { run::reading_keys(config); });
  CHECK(error.kind() == util::ErrorKind::key);
  CHECK_THAT(error.message(), Contains("signing.pem"));
  CHECK_THAT(error.hint(), Contains("--trusted-key"));

  test::write_text(directory / "signing.pub", key.public_pem());
  config.signing.trusted_keys = {directory / "signing.pub"};
  CHECK(run::reading_keys(config).trusted.signer("text", key.sign("text")));
  CHECK_FALSE(
      run::reading_keys(config).trusted.signer("text", seal::SigningKey::generate().sign("text")));
}

TEST_CASE("a site that signs believes its own key") {
  test::TemporaryDirectory directory;
  const auto key = seal::SigningKey::generate();
  config::Config config;
  config.signing.key_file = directory / "signing.pem";
  test::write_text(*config.signing.key_file, key.private_pem());
  std::filesystem::permissions(*config.signing.key_file, std::filesystem::perms::owner_read);
  CHECK(run::reading_keys(config).trusted.signer("text", key.sign("text")));
}
