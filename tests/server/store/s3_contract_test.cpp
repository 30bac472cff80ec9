#include <catch2/catch.hpp>

#include "s3_bench.hpp"
#include "support/store_contract.hpp"

using namespace bkp;
using namespace bkp::test;

TEST_CASE("an S3 store keeps a store's promises") {
  S3Bench bench;
  check_store_contract([&] { return bench.open(); });
}

TEST_CASE("an S3 store that is a whole bucket keeps them too") {
  S3Bench bench;
  bench.place.url = bench.place.url.substr(0, bench.place.url.find("/some"));
  check_store_contract([&] { return bench.open(); });
}
