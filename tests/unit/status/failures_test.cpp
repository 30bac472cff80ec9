#include "status/failures.hpp"

#include <catch2/catch.hpp>

namespace bkp::status {

TEST_CASE("a run by a schedule and one by hand with the same arguments are the same") {
  CHECK(command_line("verify", {"--all", "--level", "checksum"}) ==
        "verify --all --level checksum");
  CHECK(command_line("verify", {"--config", "/x", "--triggered-by", "schedule", "--lock-wait=60s",
                                "--quiet", "--all", "--level", "checksum"}) ==
        "verify --all --level checksum");
  CHECK(command_line("full", {"--db", "a b", "-v"}) == "full --db 'a b'");
  CHECK(command_line("full", {"--config"}) == "full");
}

}  // namespace bkp::status
