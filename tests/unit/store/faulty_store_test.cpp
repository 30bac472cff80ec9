#include "support/faulty_store.hpp"

#include <catch2/catch.hpp>

#include "store/memory_store.hpp"
#include "support/store_contract.hpp"

using namespace bkp::store;
using namespace bkp::test;
using Operation = FaultyStore::Operation;
using When = FaultyStore::When;

TEST_CASE("the faulty store fails at the operation that was named, and only there") {
  MemoryStore memory;
  FaultyStore store{memory};
  store.fail_at(Operation::finish, 2);
  put(store, "s/1", "x");
  store_error_of(store, "s/2", [&] { put(store, "s/2", "x"); });
  put(store, "s/3", "x");
  CHECK(keys_below(memory, "s") == std::vector<std::string>{"s/1", "s/3"});
  CHECK(store.count(Operation::finish) == 3);
}

TEST_CASE("a lost answer leaves the work done") {
  MemoryStore memory;
  FaultyStore store{memory};
  store.fail_at(Operation::finish, 1, When::after);
  store_error_of(store, "s/1", [&] { put(store, "s/1", "x"); });
  CHECK(keys_below(memory, "s") == std::vector<std::string>{"s/1"});
}

TEST_CASE("every operation can be made to fail") {
  MemoryStore memory;
  put(memory, "s/1", "x");
  FaultyStore store{memory};
  for (const auto operation : {Operation::create, Operation::write, Operation::fetch,
                               Operation::stat, Operation::list, Operation::remove}) {
    store.fail_always(operation);
  }
  const Key key{"s/1"};
  store_error_of(store, "s/1", [&] { store.create(key); });
  store_error_of(store, "s/1", [&] { fetched(store, "s/1"); });
  store_error_of(store, "s/1", [&] { store.stat(key); });
  store_error_of(store, "s/1", [&] { store.list(key); });
  store_error_of(store, "s/1", [&] { store.remove(key); });
  CHECK(keys_below(memory, "s") == std::vector<std::string>{"s/1"});
}

TEST_CASE("a crash drops what was not finished, and its sinks stay dead") {
  MemoryStore memory;
  FaultyStore store{memory};
  put(store, "s/done", "x");
  const auto sink = store.create(Key{"s/open"});
  sink->write(bytes_of("x"));
  store.crash();
  store_error_of(store, "s/open", [&] { sink->finish(); });
  store_error_of(store, "s/done", [&] { store.stat(Key{"s/done"}); });
  store.restart();
  store_error_of(store, "s/open", [&] { sink->finish(); });
  CHECK(keys_below(store, "s") == std::vector<std::string>{"s/done"});
  put(store, "s/open", "anew");
  CHECK(fetched(store, "s/open") == "anew");
}
