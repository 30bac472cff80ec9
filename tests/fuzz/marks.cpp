// A mark and a site file out of a store that wishes us ill.
#include "backup/marks.hpp"
#include "backup/site_file.hpp"
#include "fuzz/fuzz.hpp"
#include "store/memory_store.hpp"
#include "util/error.hpp"

using namespace bkp;

namespace {

void require_damage_at_most(store::Store& store, const backup::Layout& layout) {
  try {
    backup::read_site_file(store, layout);
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::damaged, "a broken site file is damaged");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const backup::Layout layout{"studio"};
  const std::string label = "20261121T020000Z-full-x121";
  const auto key = layout.marks(label) / "20261121T030000.000000Z-held-0123456789abcdef.json";
  store::MemoryStore store;
  for (const auto& place : {key, layout.site_file()})
    store::put_text(store, place, fuzz::text_of(data, size));
  fuzz::require(backup::read_marks(store, layout, label).unreadable.size() == 1,
                "a broken mark is reported, and stops nothing");
  require_damage_at_most(store, layout);
  return 0;
}
