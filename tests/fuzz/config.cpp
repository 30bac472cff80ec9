// The configuration file.
#include "config/parse.hpp"
#include "fuzz/fuzz.hpp"
#include "support/no_programs.hpp"
#include "util/error.hpp"

using namespace bkp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  test::NoPrograms programs;
  const util::Environment environment{{{"HOME", "/home/somebody"}}};
  const auto parse = [&](std::string_view yaml) {
    return config::parse(yaml, "bkp.yaml", environment, programs);
  };
  std::string explained;
  try {
    explained = config::explain(parse(text));
  } catch (const util::Error& error) {
    fuzz::require(!error.message().empty(), "an error has a message");
    return 0;
  }
  // Once more, for what has no effect and passwords are left out.
  const auto again = config::explain(parse(explained));
  fuzz::require(config::explain(parse(again)) == again, "explained settings mean the same");
  return 0;
}
