#pragma once

#include <filesystem>
#include <string>

#include "run/context.hpp"
#include "util/process.hpp"

namespace bkp::drill {

/// Runs the page's commands as a person at a shell would, with the programs of this bkp and of the
/// server's version at hand, and the password for the cluster; what they write to their home goes
/// to another one.
class Shell {
 public:
  /// `server_version`: that of the cluster.
  Shell(run::Context& context, int server_version, const std::filesystem::path& home);

  struct Result {
    util::ExitStatus status;
    std::string output;  ///< stdout
    std::string errors;  ///< the end of stderr
  };
  /// Runs it to its end, in bash with pipefail. Throws Error{interrupted}; Error{not_found} where
  /// there is no bash.
  Result run(const std::string& command) const;

 private:
  run::Context& m_context;
  util::Environment m_environment;
};

}  // namespace bkp::drill
