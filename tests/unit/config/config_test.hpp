#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "config/parse.hpp"
#include "util/error.hpp"

namespace bkp::config {

/// Plays the commands that give secrets: fixed output by argv[0]; unknown programs fail with
/// code 3.
class FakeRunner final : public util::ProcessRunner {
 public:
  std::map<std::string, std::string> outputs;
  std::vector<util::Command> started;
  std::unique_ptr<util::ChildProcess> start(const util::Command& command) override;
};

/// With HOME set, so that defaults do not depend on who runs the tests more than they must.
util::Environment test_environment();

/// parse() of "bkp.yaml" without commands.
Config parse_text(const std::string& yaml);

/// The error that parse() throws; fails the test when there is none.
util::Error parse_error(const std::string& yaml);

/// The smallest file, with `more` below it.
std::string with_store(const std::string& more);

/// The text of a file of the source tree, relative to its root.
std::string source_file(const std::string& relative);

}  // namespace bkp::config
