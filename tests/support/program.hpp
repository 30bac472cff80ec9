#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/running_program.hpp"

/// Running programs in tests. Independent of util::Process: a test must not trust the code under
/// test.
namespace bkp::test {

using Variables = std::map<std::string, std::string>;

/// PATH, HOME=/nonexistent and LC_ALL=C.UTF-8: what a program gets that was given nothing else.
Variables clean_environment();

/// A user id with its groups, to run a program as.
struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

/// The system user of this name; throws std::runtime_error when there is none.
User system_user(const std::string& name);

/// A program to run, built up by chaining: Program{{"psql", "-X"}}.with_input("select 1").run().
class Program {
 public:
  /// argv[0] without a slash is looked up in the PATH of the test.
  explicit Program(std::vector<std::string> argv);

  Program& with_environment(Variables variables);  ///< replaces the whole environment
  Program& with_variable(const std::string& name, const std::string& value);
  Program& with_input(std::string text);  ///< stdin; /dev/null without it
  Program& in_directory(std::filesystem::path directory);
  Program& with_timeout(std::chrono::milliseconds timeout);  ///< five minutes unless told
  Program& as_user(User user);
  /// stdin, stdout and stderr are a terminal of 80 columns without echo: the input is typed at the
  /// start, more with RunningProgram::type().
  Program& on_terminal();
  /// stdout and stderr go to the end of this file instead of being collected.
  Program& with_log(std::filesystem::path file);
  /// The signal the program gets when the test dies; SIGKILL unless told.
  Program& with_death_signal(int number);

  /// Throws std::system_error when the program cannot be started (no such program, …).
  RunningProgram start() const;
  Outcome run() const;

 private:
  std::vector<std::string> m_argv;
  Variables m_environment = clean_environment();
  std::optional<std::string> m_input;
  std::filesystem::path m_directory;
  std::filesystem::path m_log;
  std::chrono::milliseconds m_timeout{std::chrono::minutes{5}};
  std::optional<User> m_user;
  bool m_terminal = false;
  int m_death_signal;
};

/// Runs to the end and returns stdout; throws std::runtime_error with the whole story on failure.
std::string output_of(const Program& program);

}  // namespace bkp::test
