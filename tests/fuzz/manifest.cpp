// A manifest out of a store that wishes us ill.
#include "backup/manifest.hpp"
#include "fuzz/fuzz.hpp"
#include "util/error.hpp"

using namespace bkp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parse = [](std::string_view text) {
    return backup::parse_manifest(text, "studio/backups/L/manifest.json", "studio",
                                  "20261121T020000Z-full-x121");
  };
  try {
    const auto text = backup::to_text(parse(fuzz::text_of(data, size)));
    fuzz::require(backup::to_text(parse(text)) == text, "a manifest survives a round trip");
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::damaged, "a broken manifest is damaged");
  }
  return 0;
}
