#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace bkp::test {

/// The options a command gets from these arguments; throws CLI::ParseError as the command line
/// does.
template <class Options>
Options parsed(std::vector<std::string> arguments) {
  Options options;
  CLI::App app;
  define(app, options);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(std::move(arguments));
  return options;
}

}  // namespace bkp::test
