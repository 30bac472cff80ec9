#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/program.hpp"

namespace bkp::test {

/// The programs as installed into BKP_BUILD_DIR/installed by the ctest fixture `installed`, run
/// with a clean environment and with /  as working directory, as cron would.
class InstalledBkp {
 public:
  InstalledBkp();

  static std::filesystem::path prefix();
  /// PREFIX/bin/bkp
  static std::filesystem::path program();

  /// Sets BKP_CONFIG, so that tests need no --config.
  InstalledBkp& with_config(const std::filesystem::path& file);
  InstalledBkp& with_variable(const std::string& name, const std::string& value);

  /// `bkp ARGUMENTS…`, ready to be run, started or changed.
  Program command(std::vector<std::string> arguments) const;
  /// Runs `bkp ARGUMENTS…` to its end with `input` as stdin; stdin is /dev/null when it is empty.
  Outcome run(std::vector<std::string> arguments, const std::string& input = {}) const;

 private:
  Variables m_environment = clean_environment();
};

}  // namespace bkp::test
