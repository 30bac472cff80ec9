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

TEST_CASE("a check of assets makes good one that has read more of them") {
  CHECK(subject_of("assets-check", {"--all", "finals"}) == "assets-check finals");
  CHECK(subject_of("assets-check", {"--share", "0%", "finals", "-q"}) == "assets-check finals");
  CHECK(subject_of("assets-check", {"--share=25%"}) == "assets-check");
  CHECK(subject_of("assets-check", {"--share"}) == "assets-check");
  CHECK(subject_of("verify", {"--all"}) == "verify --all");
}

}  // namespace bkp::status
