#include "report/page_checksum.hpp"

#include <catch2/catch.hpp>

#include "store/memory_store.hpp"
#include "stream/hash.hpp"

using namespace bkp;
using Catch::Matchers::Contains;

namespace {

const store::Key key{"studio/runbook/runbook.html"};

std::optional<std::string> damage_of(std::string_view page) {
  store::MemoryStore store;
  store::put_text(store, key, page);
  return report::page_damage(store, key);
}

}  // namespace

TEST_CASE("a page ends with where it belongs and what it is") {
  const auto page = report::with_checksum("<html>\n</html>\n", key);
  CHECK(page == "<html>\n</html>\n<!-- bkp: studio/runbook/runbook.html sha256:" +
                    stream::digests_of("<html>\n</html>\n").sha256 + " -->\n");
  CHECK_FALSE(damage_of(page));
  store::MemoryStore empty;
  CHECK_FALSE(report::page_damage(empty, key));
}

TEST_CASE("a page that is not as it was made is named") {
  auto page = report::with_checksum("<html>\n</html>\n", key);
  SECTION("a byte of the text") {
    page[1] = 'H';
  }
  SECTION("a byte of the checksum") {
    page[page.size() - 8] ^= 1;
  }
  SECTION("cut by a byte") {
    page.pop_back();
  }
  SECTION("without its last line") {
    page = "<html>\n</html>\n";
  }
  SECTION("empty") {
    page.clear();
  }
  SECTION("a line break") {
    page = "\n";
  }
  SECTION("something appended") {
    page += "x";
  }
  SECTION("made for another place") {
    page = report::with_checksum("<html>\n</html>\n", store::Key{"studio/backups/x/runbook.html"});
  }
  REQUIRE(damage_of(page));
  CHECK_THAT(*damage_of(page), Contains("studio/runbook/runbook.html"));
}
