#include "recover/restore_phases.hpp"

#include <catch2/catch.hpp>

using namespace bkp;

namespace {

pg::ArchiveEntry entry(int dump_id, const std::string& description, int section,
                       std::vector<int> dependencies = {}) {
  pg::ArchiveEntry made;
  made.dump_id = dump_id;
  made.description = description;
  made.section = section;
  made.has_data = description == "TABLE DATA" || description == "BLOBS";
  made.dependencies = std::move(dependencies);
  return made;
}

const std::vector<pg::ArchiveEntry> k_entries{
    entry(1, "ENCODING", 1), entry(2, "TABLE", 2),           entry(3, "DEFAULT ACL", 2),
    entry(4, "ACL", 1, {2}), entry(5, "TABLE DATA", 3, {2}), entry(6, "TABLE DATA", 3, {2, 5}),
    entry(7, "BLOBS", 3),    entry(8, "SEQUENCE SET", 3),    entry(9, "INDEX", 4, {5})};

}  // namespace

TEST_CASE("definitions first, then data, then what hangs on both; privileges last") {
  const auto phases = recover::restore_phases(k_entries, {});
  CHECK(phases.definitions == std::vector{2});
  // Data that needs other data first is not loaded in any order.
  CHECK(phases.tables == std::set{5});
  CHECK(phases.rest == std::vector{1, 3, 4, 6, 7, 8, 9});
}

TEST_CASE("of a part only what was chosen") {
  const auto phases = recover::restore_phases(k_entries, {2, 5, 9});
  CHECK(phases.definitions == std::vector{2});
  CHECK(phases.tables == std::set{5});
  CHECK(phases.rest == std::vector{9});
}
