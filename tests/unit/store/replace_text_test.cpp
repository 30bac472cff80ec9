#include <catch2/catch.hpp>

#include "store/memory_store.hpp"
#include "support/error_of.hpp"
#include "support/faulty_store.hpp"

using namespace bkp::store;
using bkp::test::error_of;
using bkp::test::FaultyStore;

TEST_CASE("a text takes the place of another, or of none") {
  MemoryStore store;
  const Key key{"s/page"};
  replace_text(store, key, "one");
  CHECK(get_text(store, key) == "one");
  replace_text(store, key, "two");
  CHECK(get_text(store, key) == "two");
}

TEST_CASE("a text that cannot be replaced stays") {
  MemoryStore memory;
  const Key key{"s/page"};
  put_text(memory, key, "old");
  FaultyStore store{memory};
  const auto operation = GENERATE(FaultyStore::Operation::create, FaultyStore::Operation::write,
                                  FaultyStore::Operation::finish, FaultyStore::Operation::remove);
  store.fail_at(operation, 1);
  error_of([&] { replace_text(store, key, "new"); });
  CHECK(get_text(memory, key) == "old");
}

TEST_CASE("a failure to write is told, also when the old text cannot be put back") {
  MemoryStore memory;
  const Key key{"s/page"};
  put_text(memory, key, "old");
  FaultyStore store{memory};
  store.fail_always(FaultyStore::Operation::write);
  CHECK(error_of([&] { replace_text(store, key, "new"); }).kind() == bkp::util::ErrorKind::store);
}
