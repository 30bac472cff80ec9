#include "util/late_library.hpp"

#include <zstd.h>

#include <catch2/catch.hpp>

#include "support/error_of.hpp"

namespace bkp {

namespace {

using Catch::Matchers::Contains;

constexpr util::LateLibrary libzstd{"libzstd.so.1", "libzstd1"};
BKP_LATE(libzstd, ZSTD_maxCLevel);

constexpr util::LateLibrary missing{"libbkp-is-not-there.so.9", "bkp-is-not-there"};

}  // namespace

TEST_CASE("a function of a late library is called as if it were linked") {
  CHECK(ZSTD_maxCLevel() > 0);
  CHECK(ZSTD_maxCLevel() == ::ZSTD_maxCLevel());
}

TEST_CASE("a library or function that is not there is named, with the package that has it") {
  const auto library = test::error_of([] { missing.find("function"); });
  CHECK(library.kind() == util::ErrorKind::internal);
  CHECK_THAT(library.message(), Contains("libbkp-is-not-there.so.9"));
  CHECK_THAT(library.hint(), Contains("bkp-is-not-there"));
  const auto function = test::error_of([] { libzstd.find("ZSTD_notThere"); });
  CHECK_THAT(function.message(), Contains("ZSTD_notThere"));
}

}  // namespace bkp
