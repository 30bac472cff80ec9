#include "support/installed.hpp"

#include <stdexcept>

namespace bkp::test {

InstalledBkp::InstalledBkp() {
  if (!std::filesystem::exists(program())) {
    throw std::runtime_error{program().string() +
                             " is missing: run this test through ctest, which installs it first"};
  }
}

std::filesystem::path InstalledBkp::prefix() {
  return std::filesystem::path{BKP_BUILD_DIR} / "installed";
}

std::filesystem::path InstalledBkp::program() {
  return prefix() / "bin" / "bkp";
}

InstalledBkp& InstalledBkp::with_config(const std::filesystem::path& file) {
  return with_variable("BKP_CONFIG", file.string());
}

InstalledBkp& InstalledBkp::with_variable(const std::string& name, const std::string& value) {
  m_environment[name] = value;
  return *this;
}

Program InstalledBkp::command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), program().string());
  return Program{std::move(arguments)}.with_environment(m_environment).in_directory("/");
}

Outcome InstalledBkp::run(std::vector<std::string> arguments, const std::string& input) const {
  Program program = command(std::move(arguments));
  if (!input.empty()) {
    program.with_input(input);
  }
  return program.run();
}

}  // namespace bkp::test
