#include "config_test.hpp"

namespace bkp::config {

TEST_CASE("a store is found by its name, and an unknown name answered with those there are") {
  const auto config =
      parse_text(with_store("  - name: vault\n    url: file:///mnt/vault\n    capacity: 1GiB\n"));
  CHECK(config.store("vault").capacity == std::uint64_t{1} << 30U);
  try {
    config.store("valut");
    FAIL("found");
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::ErrorKind::not_found);
    CHECK_THAT(error.message(), Catch::Matchers::Contains("\"valut\""));
    CHECK_THAT(error.hint(), Catch::Matchers::Contains("local, vault"));
  }
}

TEST_CASE("the prefix of a bucket may have blanks, as its keys are taken as they are written") {
  const auto config =
      parse_text("site: studio\nstores:\n  - name: a\n    url: s3://bucket/my backups\n");
  CHECK(config.stores.front().url == "s3://bucket/my backups");
}

TEST_CASE("the scheme of a store's URL may be written in capitals") {
  const auto config = parse_text("site: studio\nstores:\n  - name: a\n    url: FILE:///srv/a\n");
  CHECK(config.unsupported.empty());
}

}  // namespace bkp::config
