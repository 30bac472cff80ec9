#include <catch2/catch.hpp>

#include "bench.hpp"
#include "support/store_contract.hpp"

using namespace bkp;
using namespace bkp::test;

TEST_CASE("an S3 store keeps a store's promises") {
  S3Bench bench;
  check_store_contract([&] { return bench.open(); });
}

TEST_CASE("an S3 store that is a whole bucket keeps them too") {
  S3Bench bench;
  bench.url = bench.url.substr(0, bench.url.find("/some"));
  check_store_contract([&] { return bench.open(); });
}
