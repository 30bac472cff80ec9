#include "config/secret.hpp"

#include <sys/stat.h>

#include "config_test.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "util/files.hpp"

namespace bkp::config {

namespace {

util::Error secret_error(const SecretText& secret, const util::Environment& environment = {}) {
  FakeRunner processes;
  return test::error_of([&] { resolve(secret, environment, processes); });
}

}  // namespace

TEST_CASE("a secret comes from the text, the environment, a file or a command") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "secret";
  util::write_file_atomically(file, "from the file\r\n");
  FakeRunner processes;
  processes.outputs["pass"] = "from the command\n\n";
  const util::Environment environment{{{"SECRET", "from outside"}, {"PGPASSWORD", "other"}}};
  CHECK(resolve({"as it is\n"}, environment, processes) == "as it is\n");
  CHECK(resolve({SecretText::FromEnvironment{"SECRET"}}, environment, processes) == "from outside");
  CHECK(resolve({SecretText::FromFile{file}}, environment, processes) == "from the file");
  CHECK(processes.started.empty());
  CHECK(resolve({SecretText::FromCommand{{"pass", "show", "a b"}}}, environment, processes) ==
        "from the command\n");
  REQUIRE(processes.started.size() == 1);
  CHECK(processes.started[0].argv == std::vector<std::string>{"pass", "show", "a b"});
  CHECK_FALSE(processes.started[0].environment.get("PGPASSWORD"));
}

TEST_CASE("a secret that cannot be had says why") {
  const test::TemporaryDirectory directory;
  const auto unset = secret_error({SecretText::FromEnvironment{"NO_SUCH"}});
  CHECK(unset.kind() == util::ErrorKind::config);
  CHECK(unset.message() == "the environment variable \"NO_SUCH\" is not set");
  const auto missing = secret_error({SecretText::FromFile{directory.path() / "none"}});
  CHECK(missing.kind() == util::ErrorKind::config);
  CHECK_THAT(missing.message(), Catch::Contains("there is no secret file"));
  const auto failing = secret_error({SecretText::FromCommand{{"pass", "show"}}});
  CHECK(failing.kind() == util::ErrorKind::config);
  CHECK(failing.message() ==
        "the command \"pass\" for a secret failed with exit code 3: no such item");
}

TEST_CASE("a secret file that others can read is refused, an empty one too") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "secret";
  util::write_file_atomically(file, "hunter2\n");
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  const auto open = secret_error({SecretText::FromFile{file}});
  CHECK(open.kind() == util::ErrorKind::key);
  CHECK_THAT(open.hint(), Catch::Contains("chmod 600"));
  CHECK(open.message().find("hunter2") == std::string::npos);
  util::write_file_atomically(file, "\n");
  const auto pipe = directory.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(secret_error({SecretText::FromFile{pipe}}).kind() == util::ErrorKind::key);
  CHECK(secret_error({SecretText::FromFile{file}}).message() ==
        "the source of a secret gave nothing");
}

TEST_CASE(
    "connection strings: a password may come from a secret's place, not from the file itself") {
  FakeRunner processes;
  processes.outputs["pass"] = "host=db2 password=hunter2\n";
  const util::Environment environment{{{"DSN", "postgresql://a:hunter2@db2/x"}}};
  const auto parse_with = [&](const std::string& more) {
    return parse(with_store(more), "bkp.yaml", environment, processes);
  };
  CHECK(parse_with("cluster: {conninfo: {command: [pass]}}\n").cluster.conninfo ==
        "host=db2 password=hunter2");
  CHECK(parse_with("catalog: {conninfo: {env: DSN}}\n").catalog.conninfo ==
        "postgresql://a:hunter2@db2/x");
  for (const std::string key : {"cluster", "catalog"}) {
    for (const std::string text : {"host=db2 password=hunter2", "postgresql://a:hunter2@db2/x",
                                   "postgresql://db2/x?password=hunter2"}) {
      const auto error = parse_error(with_store(key + ":\n  conninfo: '" + text + "'\n"));
      CHECK(error.kind() == util::ErrorKind::config);
      CHECK(error.exit_code() == 4);
      CHECK(error.message() == "bkp.yaml:6: " + key + ".conninfo contains a password");
      CHECK_THAT(error.hint(), Catch::Contains("password_file"));
    }
  }
}

TEST_CASE("a connection string or secret that is wrong names its place in the file") {
  struct Case {
    std::string yaml;
    std::string message;
    std::string hint;
  };
  const auto& [yaml, message, hint] = GENERATE(values<Case>({
      {"cluster: {conninfo: 'hots=hunter2'}\n",
       "bkp.yaml:5: cluster.conninfo: invalid connection string: it has a keyword that libpq does "
       "not know",
       "postgresql://"},
      {"catalog: {conninfo: {env: NO_SUCH}}\n",
       "bkp.yaml:5: catalog.conninfo: the environment variable \"NO_SUCH\" is not set", "cron"},
      {"cluster: {conninfo: {file: conninfo}}\n",
       "bkp.yaml:5: cluster.conninfo.file must be an absolute path", "\"/\""},
      {"cluster: {conninfo: {env: A, file: /b}}\n",
       "bkp.yaml:5: cluster.conninfo must have exactly one source", "{env: NAME}"},
      {"cluster: {conninfo: {vault: A}}\n", "bkp.yaml:5: unknown key \"vault\" in cluster.conninfo",
       "{env: NAME}"},
      {"cluster: {conninfo: {command: []}}\n",
       "bkp.yaml:5: cluster.conninfo.command names no program", "PROGRAM"},
      {"cluster: {conninfo: {command: pass show}}\n",
       "bkp.yaml:5: cluster.conninfo.command must be a list, not a single value", "[a, b]"},
      {"redis: [{name: a, url: {envv: A}}]\n", "bkp.yaml:5: unknown key \"envv\" in redis[0].url",
       "{env: NAME}"},
  }));
  const auto error = parse_error(with_store(yaml));
  CHECK(error.message() == message);
  CHECK_THAT(error.hint(), Catch::Contains(hint));
}

}  // namespace bkp::config
