#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "util/environment.hpp"
#include "util/process.hpp"

namespace bkp::config {

/// A value that may live elsewhere: `text`, `{env: NAME}`, `{file: PATH}`, `{command: [argv]}`.
struct SecretText {
  struct FromEnvironment {
    std::string variable;
  };
  struct FromFile {
    std::filesystem::path path;
  };
  struct FromCommand {
    std::vector<std::string> argv;
  };
  std::variant<std::string, FromEnvironment, FromFile, FromCommand> source;
};

/// Fetches the value. A last line end is removed. Errors: Error{key} for a file readable by others,
/// Error{config} for an unset variable, a missing file or a failing command.
std::string resolve(const SecretText& secret, const util::Environment& environment,
                    util::ProcessRunner& processes);

}  // namespace bkp::config
