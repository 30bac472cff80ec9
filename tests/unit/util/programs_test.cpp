#include "util/programs.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"
#include "util/process.hpp"

using namespace bkp::util;

namespace fs = std::filesystem;

namespace {

/// Two directories with a program of the same name, and the working directory is the first.
struct Programs {
  bkp::test::TemporaryDirectory directory;
  fs::path here = make("here");
  fs::path there = make("there");
  fs::path before = fs::current_path();

  Programs() { fs::current_path(directory / "here"); }
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs() { fs::current_path(before); }

  fs::path make(const std::string& name) const {
    const fs::path program = directory / name / "probe";
    fs::create_directory(program.parent_path());
    bkp::test::write_text(program, "#!/bin/sh\necho " + name + "\n");
    REQUIRE(::chmod(program.c_str(), 0700) == 0);
    return program;
  }
  Environment search(const std::string& path) const {
    Environment environment;
    environment.set("PATH", path);
    return environment;
  }
};

using Paths = std::vector<fs::path>;

}  // namespace

TEST_CASE_METHOD(Programs, "programs are found in the order of PATH") {
  const auto path = there.parent_path().string() + ":/nowhere:" + here.parent_path().string();
  CHECK(programs_in_path("probe", search(path)) == Paths{there, here});
  REQUIRE(::chmod(there.c_str(), 0600) == 0);
  CHECK(programs_in_path("probe", search(path)) == Paths{here});
  CHECK(programs_in_path("no-such-program", search(path)).empty());
  CHECK_FALSE(programs_in_path("sh", Environment{}).empty());
}

TEST_CASE_METHOD(Programs, "a program in the working directory is run for no one who names none") {
  const Interrupt interrupt;
  SystemProcessRunner processes{interrupt};
  Command command;
  command.argv = {"probe"};
  for (const std::string relative : {".:", ":", "../here:"}) {
    command.environment = search(relative + there.parent_path().string());
    CHECK(processes.run(command).standard_output == "there\n");
  }
}
