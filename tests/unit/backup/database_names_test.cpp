#include <catch2/catch.hpp>

#include "backup/databases.hpp"

using namespace bkp;

TEST_CASE("a name with a suffix fits PostgreSQL, cut between characters") {
  CHECK(backup::name_with_suffix("x121", "_restored") == "x121_restored");
  const std::string long_name(63, 'a');
  CHECK(backup::name_with_suffix(long_name, "_b") == std::string(61, 'a') + "_b");
  std::string wide;
  for (int i = 0; i < 21; ++i) wide += "€";
  const auto cut = backup::name_with_suffix(wide, "_b");
  CHECK(cut.size() == 62);
  CHECK(cut == wide.substr(0, 60) + "_b");
}
