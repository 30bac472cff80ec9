#include <catch2/catch.hpp>

#include "store/local_store.hpp"
#include "store/memory_store.hpp"
#include "support/faulty_store.hpp"
#include "support/store_contract.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp::store;
using namespace bkp::test;

TEST_CASE("the local store keeps the contract of Store") {
  const TemporaryDirectory directory;
  check_store_contract([&] { return std::make_unique<LocalStore>(directory / "root", true); });
}

TEST_CASE("the memory store keeps the contract of Store") {
  check_store_contract([] { return std::make_unique<MemoryStore>(); });
}

TEST_CASE("the faulty store keeps the contract as long as no fault is asked for") {
  MemoryStore memory;
  check_store_contract([&] { return std::make_unique<FaultyStore>(memory); });
}
