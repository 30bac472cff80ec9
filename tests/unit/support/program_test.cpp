#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <system_error>

#include "support/task_state.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using namespace std::chrono_literals;

TEST_CASE("a program's outputs, input, directory and exit code arrive") {
  const TemporaryDirectory directory;
  const Outcome outcome =
      Program{{"sh", "-c", "cat; pwd; echo \"$COLOUR\"; echo wrong >&2; exit 3"}}
          .with_input("typed\n")
          .in_directory(directory.path())
          .with_variable("COLOUR", "green")
          .run();
  CAPTURE(outcome);
  CHECK(outcome.out == "typed\n" + directory.path().string() + "\ngreen\n");
  CHECK(outcome.err == "wrong\n");
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.signal == 0);
  CHECK_FALSE(outcome.succeeded());
}

TEST_CASE("a program sees a clean environment") {
  const std::string seen = output_of(Program{{"env"}});
  CHECK(seen ==
        "HOME=/nonexistent\nLC_ALL=C.UTF-8\n"
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
}

TEST_CASE("a missing program throws, a failing one names its message") {
  CHECK_THROWS_AS(Program{{"no-such-program"}}.run(), std::system_error);
  CHECK_THROWS_WITH(output_of(Program{{"sh", "-c", "echo the reason >&2; exit 1"}}),
                    Catch::Contains("the reason") && Catch::Contains("exit code 1"));
}

TEST_CASE("a background program is signalled, awaited and timed out") {
  RunningProgram sleeper = Program{{"sleep", "60"}}.start();
  CHECK(sleeper.running());
  sleeper.signal(SIGTERM);
  CHECK(sleeper.wait().signal == SIGTERM);
  CHECK_FALSE(sleeper.running());

  const Outcome late = Program{{"sh", "-c", "echo begun; sleep 60"}}.with_timeout(50ms).run();
  CHECK(late.timed_out);
  CHECK(late.signal == SIGKILL);
}

TEST_CASE("output can be watched while the program runs") {
  RunningProgram cat = Program{{"sh", "-c", "echo begun; exec sleep 60"}}.start();
  CHECK(wait_until([&] { return cat.out_so_far() == "begun\n"; }));
  CHECK(cat.running());
}

TEST_CASE("nothing of a program's group outlives it") {
  pid_t left_behind = 0;
  {
    RunningProgram shell = Program{{"sh", "-c", "sleep 60 & echo $!; wait"}}.start();
    REQUIRE(wait_until([&] { return shell.out_so_far().ends_with('\n'); }));
    left_behind = std::stoi(shell.out_so_far());
    REQUIRE(::kill(left_behind, 0) == 0);
  }
  CHECK(wait_until([&] { return is_gone(left_behind); }));
}

TEST_CASE("a program on a terminal can be typed to") {
  RunningProgram shell =
      Program{{"sh", "-c", "test -t 0 -a -t 1 && tty >&2; read answer; echo \"<$answer>\"; cat"}}
          .on_terminal()
          .start();
  REQUIRE(wait_until([&] { return shell.out_so_far().ends_with("\n"); }));
  CHECK_THAT(shell.out_so_far(), Catch::StartsWith("/dev/pts/"));
  shell.type("yes\n");
  REQUIRE(wait_until([&] { return shell.out_so_far().ends_with("<yes>\n"); }));
  shell.type("\x04");
  const Outcome outcome = shell.wait();
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
}

TEST_CASE("a program on a terminal may write more than the terminal holds") {
  const Outcome outcome = Program{{"seq", "1", "50000"}}.on_terminal().run();
  CHECK(outcome.succeeded());
  CHECK_THAT(outcome.out, Catch::EndsWith("\n50000\n"));
}

TEST_CASE("wait_until gives up") {
  CHECK_FALSE(wait_until([] { return false; }, 20ms));
}
