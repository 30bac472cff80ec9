#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "config/document.hpp"
#include "config/schema.hpp"
#include "config_test.hpp"
#include "support/error_of.hpp"
#include "support/running_as_root.hpp"
#include "support/temporary_directory.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

// Every key in a text, with "# " before keys taken away: "  # - name: x" counts as `name` there.
std::string uncommented(const std::string& text) {
  std::string result;
  // Of the key whose value is a block of lines.
  std::optional<std::size_t> block;
  for (auto line : util::split_lines(text)) {
    const auto hash = line.find("# ");
    const bool commented = hash != line.npos && line.find_first_not_of(' ') == hash;
    if (commented) {
      auto rest = line.substr(hash + 2);
      const auto start = rest.find_first_not_of(" -");
      if (block && start != rest.npos && start > *block) {
        result += std::string(hash, ' ') + std::string{rest} + '\n';
        continue;
      }
      block = rest.ends_with(": |") ? std::optional{start} : std::nullopt;
      const auto colon = rest.find(':');
      const auto is_key = [](char c) {
        return std::islower(static_cast<unsigned char>(c)) || c == '_';
      };
      // A sentence has a space before its colon; a key has not.
      if (start == rest.npos || colon == rest.npos || colon <= start ||
          !std::all_of(rest.begin() + static_cast<long>(start),
                       rest.begin() + static_cast<long>(colon), is_key)) {
        continue;
      }
      result += line.substr(0, hash);
      result += rest;
    } else {
      result += line;
    }
    result += '\n';
  }
  return result;
}

void collect_paths(const YAML::Node& node, const std::string& path,
                   std::vector<std::string>& paths) {
  if (node.IsMap()) {
    for (const auto& pair : node) {
      const auto below = path.empty() ? pair.first.Scalar() : path + "." + pair.first.Scalar();
      paths.push_back(below);
      collect_paths(pair.second, below, paths);
    }
  } else if (node.IsSequence()) {
    for (const auto& element : node) collect_paths(element, path + "[]", paths);
  }
}

}  // namespace

TEST_CASE("the example file parses as it is, without a word about missing features") {
  const auto config = parse_text(source_file("config/bkp.example.yaml"));
  CHECK(config.unsupported.empty());
  auto defaults = parse_text(with_store(""));
  defaults.cluster.conninfo = config.cluster.conninfo;
  defaults.stores[0].line = config.stores[0].line;
  CHECK(config == defaults);
}

TEST_CASE("the example file, with everything switched on, has every key and parses") {
  const auto text = uncommented(source_file("config/bkp.example.yaml"));
  const auto config = parse_text(text);
  CHECK(config.asks_for("files"));
  std::vector<std::string> paths;
  collect_paths(Document{text, "example"}.root(), "", paths);
  // The file is one choice of four.
  const std::set<std::string_view> other_choices{
      "stores[].credentials.env", "stores[].credentials.command", "stores[].credentials.imds"};
  for (const auto& rule : key_rules()) {
    if (other_choices.contains(rule.path)) continue;
    INFO(rule.path);
    CHECK(std::ranges::find(paths, rule.path) != paths.end());
  }
}

TEST_CASE("the manual page has an entry for every key") {
  const auto page = source_file("man/bkp.yaml.5");
  for (const auto& rule : key_rules()) {
    INFO(rule.path);
    CHECK(page.find("\n.It Ic " + std::string{rule.path} + "\n") != page.npos);
  }
}

TEST_CASE("every entry of the manual page is a key") {
  const auto page = source_file("man/bkp.yaml.5");
  for (const auto line : util::split_lines(page)) {
    if (!line.starts_with(".It Ic ")) continue;
    INFO(line);
    CHECK(find_rule(line.substr(7)) != nullptr);
  }
}

TEST_CASE("every key of the contract is known") {
  std::vector<std::string> paths;
  collect_paths(Document{source_file("tests/data/contract.yaml"), "contract"}.root(), "", paths);
  CHECK(paths.size() > 100);
  for (const auto& path : paths) {
    INFO(path);
    CHECK(find_rule(path) != nullptr);
  }
}

TEST_CASE("load names the file that is not there, or is a directory") {
  FakeRunner processes;
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "bkp.yaml";
  CHECK_THROWS_WITH(load(file, test_environment(), processes),
                    "there is no configuration file " + util::quoted(file.string()));
  const auto error = test::error_of([&] { load(directory.path(), test_environment(), processes); });
  CHECK(error.kind() == util::ErrorKind::config);
  CHECK_THAT(error.message(), Catch::Contains("the configuration cannot be read"));
}

TEST_CASE("load wants a file privately when, and only when, it holds a password") {
  FakeRunner processes;
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "bkp.yaml";
  const auto write = [&](const std::string& more, unsigned mode) {
    util::write_file_atomically(file, with_store(more));
    REQUIRE(::chmod(file.c_str(), mode) == 0);
  };
  const std::string secret = "redis: [{name: cache, url: 'redis://:hunter2@127.0.0.1:6379'}]\n";
  write("", 0644);
  CHECK(load(file, test_environment(), processes).file == file);
  write(secret, 0600);
  CHECK(load(file, test_environment(), processes).asks_for("redis"));
  write(secret, 0644);
  const auto error = test::error_of([&] { load(file, test_environment(), processes); });
  CHECK(error.kind() == util::ErrorKind::key);
  CHECK_THAT(error.message(), Catch::Contains(file.string()));
  CHECK_THAT(error.hint(), Catch::Contains("chmod 600"));
}

TEST_CASE("load refuses a file that everybody can write, before it runs any command of it") {
  FakeRunner processes;
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "bkp.yaml";
  util::write_file_atomically(file, with_store("cluster: {conninfo: {command: [pass]}}\n"));
  REQUIRE(::chmod(file.c_str(), 0666) == 0);
  const auto error = test::error_of([&] { load(file, test_environment(), processes); });
  CHECK(error.kind() == util::ErrorKind::key);
  CHECK_THAT(error.hint(), Catch::Contains("chmod o-w"));
  CHECK(processes.started.empty());
}

TEST_CASE("load refuses a file of another user, and one that a foreign group can write") {
  if (!test::running_as_root()) return;  // only root can give files away
  FakeRunner processes;
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "bkp.yaml";
  util::write_file_atomically(file, with_store("cluster: {conninfo: {command: [pass]}}\n"));
  const auto refusal = [&](uid_t owner, gid_t group, mode_t mode) -> std::string {
    REQUIRE(::chown(file.c_str(), owner, group) == 0);
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    try {
      load(file, test_environment(), processes);
    } catch (const util::Error& error) {
      if (error.kind() == util::ErrorKind::key) return error.message() + "; " + error.hint();
    }
    return {};
  };
  CHECK_THAT(refusal(4242, 0, 0600), Catch::Contains("belongs to another user"));
  CHECK_THAT(refusal(0, 4242, 0660),
             Catch::Contains("another group") && Catch::Contains("chmod g-w"));
  CHECK(processes.started.empty());
  CHECK(refusal(0, 4242, 0640).empty());
  CHECK(refusal(0, 0, 0660).empty());
}

TEST_CASE("find takes the option, then BKP_CONFIG, then the user's file") {
  const test::TemporaryDirectory directory;
  util::Environment environment;
  environment.set("XDG_CONFIG_HOME", directory.path());
  const bool system = std::filesystem::exists("/etc/bkp/bkp.yaml");
  if (!system) {
    const auto error = test::error_of([&] { find("", environment); });
    CHECK(error.kind() == util::ErrorKind::config);
    CHECK_THAT(error.message(), Catch::Contains("/etc/bkp/bkp.yaml") &&
                                    Catch::Contains(directory.path() / "bkp/bkp.yaml"));
    CHECK_THAT(error.hint(), Catch::Contains("--config"));
  }
  const auto user = directory.path() / "bkp/bkp.yaml";
  util::make_private_directories(user.parent_path());
  util::write_file_atomically(user, "site: a\n");
  if (!system) CHECK(find("", environment) == user);
  environment.set("BKP_CONFIG", "/some/where.yaml");
  CHECK(find("", environment) == "/some/where.yaml");
  CHECK(find("mine.yaml", environment) == "mine.yaml");
}

}  // namespace bkp::config
