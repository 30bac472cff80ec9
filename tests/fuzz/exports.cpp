// An export of the configuration out of a store that wishes us ill, and texts with secrets in them.
#include "exports/archive.hpp"
#include "exports/row_changes.hpp"
#include "exports/rows.hpp"
#include "exports/secrets.hpp"
#include "fuzz/fuzz.hpp"
#include "util/error.hpp"

using namespace bkp;

namespace {

template <class Read>
void expect_damage(const Read& read) {
  try {
    read();
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::damaged, "what cannot be read is damaged");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{fuzz::text_of(data, size)};
  expect_damage([&] { exports::read_archive(text); });
  expect_damage([&] {
    const auto rows = exports::parse_rows(text, "rows.json");
    const auto again = exports::parse_rows(exports::to_text(rows), "rows.json");
    fuzz::require(again.rows == rows.rows && again.columns == rows.columns, "rows come back");
    fuzz::require(exports::compare_rows(rows, again).empty(), "and are the same");
  });
  std::string original;
  std::string masked;
  for (const auto& [shown, line] : exports::redact_lines(text)) {
    original += line + "\n";
    masked += shown + "\n";
  }
  fuzz::require(original == text + "\n", "each line stands for what it stood for");
  fuzz::require(masked == exports::redact_text(text) + "\n", "and is as redacted");
  return 0;
}
