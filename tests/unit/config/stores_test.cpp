#include "config_test.hpp"

namespace bkp::config {

TEST_CASE("the scheme of a store's URL may be written in capitals") {
  const auto config = parse_text("site: studio\nstores:\n  - name: a\n    url: FILE:///srv/a\n");
  CHECK(config.unsupported.empty());
}

}  // namespace bkp::config
