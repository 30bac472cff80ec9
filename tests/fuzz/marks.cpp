// A mark and a site file out of a store that wishes us ill.
#include "backup/marks.hpp"
#include "backup/site_file.hpp"
#include "fuzz/fuzz.hpp"
#include "store/memory_store.hpp"
#include "util/error.hpp"

using namespace bkp;

namespace {

template <class Read>
void require_damage_at_most(const Read& read, const char* promise) {
  try {
    read();
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::damaged, promise);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const backup::Layout layout{"studio"};
  const auto key = layout.marks("20261121T020000Z-full-x121") / "20261121T030000Z-held-1.json";
  store::MemoryStore store;
  for (const auto& place : {key, layout.site_file()})
    store::put_text(store, place, fuzz::text_of(data, size));
  backup::MarkState state;
  require_damage_at_most([&] { backup::apply_mark(store, key, state); },
                         "a broken mark is damaged");
  require_damage_at_most([&] { backup::read_site_file(store, layout); },
                         "a broken site file is damaged");
  return 0;
}
