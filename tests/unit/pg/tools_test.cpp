#include "pg/tools.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>

#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"

using namespace bkp;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

/// A child that already wrote what it has to say.
class SaidChild final : public util::ChildProcess {
 public:
  SaidChild(std::string text, int code) : m_text{std::move(text)}, m_code{code} {}
  int pid() const override { return 1; }
  util::Fd& stdin_pipe() override { return m_stdin; }
  void read_stdout(const std::function<void(std::span<const std::byte>)>& consume) override {
    consume(std::as_bytes(std::span{m_text}));
  }
  util::ExitStatus wait() override { return {m_code, 0}; }
  std::string stderr_tail() const override { return {}; }
  void terminate() noexcept override {}

 private:
  util::Fd m_stdin;
  std::string m_text;
  int m_code;
};

/// Answers `--version` by the program's path.
class Versions final : public util::ProcessRunner {
 public:
  std::unique_ptr<util::ChildProcess> start(const util::Command& command) override {
    const auto answer = m_answers.find(command.argv.at(0));
    if (command.argv.at(1) != "--version" || answer == m_answers.end()) {
      return std::make_unique<SaidChild>("", 1);
    }
    if (answer->second == "interrupted") {
      throw util::Error::interrupted(15);
    }
    return std::make_unique<SaidChild>(answer->second, 0);
  }
  void answer(const fs::path& program, std::string text) {
    m_answers[program.native()] = std::move(text);
  }

 private:
  std::map<std::string, std::string> m_answers;
};

/// A machine with programs of versions no real one has, so that those installed here do not matter.
struct Machine {
  test::TemporaryDirectory directory;
  Versions versions;
  util::Environment environment;

  fs::path add(const std::string& folder, const std::string& version) {
    const fs::path bin = directory / folder;
    fs::create_directories(bin);
    const fs::path program = bin / "pg_dump";
    test::write_text(program, "");
    fs::permissions(program, fs::perms::owner_all);
    versions.answer(program, "pg_dump (PostgreSQL) " + version + "\n");
    environment.set("PATH", environment.get("PATH").value_or("/nowhere") + ":" + bin.native());
    return program;
  }
  pg::Tools tools() { return {std::nullopt, versions, environment}; }
};

}  // namespace

TEST_CASE("versions are read as pg_dump reports them") {
  Machine machine;
  pg::Tools tools = machine.tools();
  CHECK(tools.version_of(machine.add("a", "15.20 (Debian 15.20-0+deb12u1)")) == 150020);
  CHECK(tools.version_of(machine.add("b", "9.6.24")) == 90624);
  CHECK(tools.version_of(machine.add("c", "17devel")) == 170000);
  CHECK(tools.version_of(machine.add("d", "new")) == std::nullopt);
  CHECK(tools.version_of("/no/such/pg_dump") == std::nullopt);
}

TEST_CASE("versions are written as people know them") {
  CHECK(pg::format_version(150018) == "15.18");
  CHECK(pg::format_version(90624) == "9.6.24");
}

TEST_CASE("the server's own major version is preferred, whatever the order and the minor version") {
  Machine machine;
  machine.add("a", "92.1");
  const fs::path same = machine.add("b", "91.0");
  machine.add("c", "90.9");
  CHECK(machine.tools().find("pg_dump", 910005) == same);
}

TEST_CASE("otherwise the next newer version is taken, never an older one") {
  Machine machine;
  machine.add("a", "93.1");
  const fs::path next = machine.add("b", "92.1");
  machine.add("c", "90.1");
  CHECK(machine.tools().find("pg_dump", 910005) == next);
}

TEST_CASE("when only older ones are found the error names them and the package") {
  Machine machine;
  const fs::path old = machine.add("a", "90.1");
  const auto error = test::error_of([&] { machine.tools().find("pg_dump", 910005); });
  CHECK(error.kind() == util::ErrorKind::database);
  CHECK_THAT(error.message(),
             Contains("91.5") && Contains("90.1") && Contains(old.parent_path().native()));
  CHECK_THAT(error.hint(), Contains("postgresql-client-91") && Contains("bin_directory"));
}

TEST_CASE("the configured directory is the only one looked into") {
  Machine machine;
  machine.add("a", "91.1");
  const fs::path configured = machine.add("b", "92.1");
  pg::Tools tools{configured.parent_path(), machine.versions, machine.environment};
  CHECK(tools.find("pg_dump", 910005) == configured);
  CHECK_THROWS_WITH(
      tools.find("pg_restore", 910005),
      Contains("no pg_restore was found") && Contains(configured.parent_path().native()));
}

TEST_CASE("relative parts of PATH and files that cannot run are passed over") {
  Machine machine;
  const fs::path program = machine.add("a", "91.1");
  fs::permissions(program, fs::perms::owner_read);
  machine.environment.set("PATH", "::bin:" + program.parent_path().native());
  // Root may read all, but runs only what somebody may run.
  CHECK_THROWS_AS(machine.tools().find("pg_dump", 910005), util::Error);
}

TEST_CASE("an interrupted search ends") {
  Machine machine;
  machine.versions.answer(machine.add("a", "91.1"), "interrupted");
  CHECK_THROWS_AS(machine.tools().find("pg_dump", 910005), util::Error);
  try {
    machine.tools().find("pg_dump", 910005);
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::ErrorKind::interrupted);
  }
}
