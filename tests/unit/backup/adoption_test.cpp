#include "backup/adoption.hpp"

#include <catch2/catch.hpp>

#include "example_manifest.hpp"
#include "store/memory_store.hpp"
#include "util/error.hpp"

using namespace bkp;

namespace {

run::NamedStore store_with(const std::string& name, bool required, const std::string& manifest) {
  const auto store = std::make_shared<store::MemoryStore>();
  if (!manifest.empty()) store::put_text(*store, example_layout.manifest(example_label), manifest);
  return {name, required, store};
}

/// The states of the records that are found.
std::vector<std::string> states(const run::OpenedStores& stores) {
  std::vector<std::string> found;
  for (const auto& record : backup::complete_records(stores, example_layout, example_label))
    found.push_back(record.status);
  return found;
}

const std::string good = backup::to_text(example_manifest());
using States = std::vector<std::string>;

}  // namespace

TEST_CASE("a backup whose run died is complete when every required store has it") {
  const auto local = store_with("local", true, good);
  CHECK(states({{local, store_with("vault", true, good)}, {}}) == States{"completed", "completed"});
  CHECK(states({{local, store_with("attic", false, "")}, {}}) == States{"completed"});
  CHECK(states({{local, store_with("vault", true, "")}, {}}) == States{"partial"});
  CHECK(states({{local, store_with("vault", true, "{}")}, {}}) == States{"partial"});
  CHECK(states({{store_with("local", true, "")}, {}}).empty());
}

TEST_CASE("a required store that is away may lack it") {
  const auto local = store_with("local", true, good);
  const util::Error away{util::ErrorKind::store, "away"};
  CHECK(states({{local}, {{"vault", "file:///vault", true, away}}}) == States{"partial"});
  CHECK(states({{local}, {{"attic", "file:///attic", false, away}}}) == States{"completed"});
}
