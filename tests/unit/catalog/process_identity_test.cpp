#include "catalog/process_identity.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace bkp::catalog;

namespace {

const ProcessIdentity here{"machine", "boot", "pid:[1]", "100"};

Liveness judged(ProcessIdentity identity, std::optional<std::string> start_now) {
  return judge(identity, here, start_now);
}

}  // namespace

TEST_CASE("this process is alive by its own identity") {
  const auto mine = ProcessIdentity::of_this_process();
  CHECK_FALSE(mine.boot.empty());
  CHECK_FALSE(mine.start.empty());
  CHECK(judge(mine, mine, process_start(::getpid())) == Liveness::alive);
  const auto again = ProcessIdentity::from_json(nlohmann::json::parse(mine.to_json().dump()));
  CHECK(judge(again, mine, process_start(::getpid())) == Liveness::alive);
}

TEST_CASE("a process that ended is gone, as a zombie too") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(process_start(child));
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(process_start(child));
}

TEST_CASE("a process is dead when nobody, or somebody else, has its id") {
  CHECK(judged(here, "100") == Liveness::alive);
  CHECK(judged(here, "200") == Liveness::dead);
  CHECK(judged(here, std::nullopt) == Liveness::dead);
}

TEST_CASE("a process of an earlier boot of this machine is dead") {
  CHECK(judged({"machine", "earlier", "pid:[1]", "100"}, "100") == Liveness::dead);
}

TEST_CASE("of machines cloned with one machine-id each judges its own runs only") {
  const ProcessIdentity mine{"machine", "boot", "pid:[1]", "100", "studio-1"};
  CHECK(judge({"machine", "boot", "pid:[1]", "100", "studio-2"}, mine, std::nullopt) ==
        Liveness::unknown);
  CHECK(judge({"machine", "other boot", "pid:[1]", "100", "studio-2"}, mine, std::nullopt) ==
        Liveness::unknown);
  CHECK(judge({"machine", "other boot", "pid:[1]", "100", "studio-1"}, mine, std::nullopt) ==
        Liveness::dead);
}

TEST_CASE("what cannot be seen from here is unknown") {
  CHECK(judged({"other", "boot", "pid:[1]", "100"}, std::nullopt) == Liveness::unknown);
  CHECK(judged({"machine", "boot", "pid:[2]", "100"}, std::nullopt) == Liveness::unknown);
  CHECK(judged({"machine", "", "pid:[1]", "100"}, std::nullopt) == Liveness::unknown);
  CHECK(judged({"machine", "boot", "pid:[1]", ""}, std::nullopt) == Liveness::unknown);
  CHECK(judged(ProcessIdentity::from_json(nlohmann::json{}), std::nullopt) == Liveness::unknown);
  const ProcessIdentity nameless{"", "boot", "pid:[1]", "100"};
  CHECK(judge({"", "earlier", "pid:[1]", "100"}, nameless, std::nullopt) == Liveness::unknown);
}
