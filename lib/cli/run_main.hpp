#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::cli {

/// The command of a program, as run_program() needs it.
struct Command {
  std::function<void(CLI::App&)> define;
  /// Asked after parsing: whether the run leaves a row in `runs`. If not, neither the catalog nor
  /// the spool is touched but by the body itself.
  std::function<bool()> recorded;
  /// Asked likewise.
  std::function<Watch()> watch;
  /// Told of arguments that could not be parsed, before it is asked what is below.
  std::function<void(const std::vector<std::string>& arguments)> assume;
  /// The exit code of a run that ended with this error.
  std::function<int(const util::Error& error)> exit_code_of;
  /// What stdout says of an error that came before the body could say something.
  std::function<std::string(const util::Error& error)> text_of_error;
  std::function<Report(run::Context&)> body;
};

/// The whole of a program but its command: parses the shared options and the command's own, reads
/// the configuration, opens the run's row, installs signal handlers, runs, closes the row, prints
/// text or the JSON envelope, prints errors, returns the documented exit code. Nothing escapes as
/// an exception.
int run_program(const CommandInfo& info, const Command& command, int argc, char** argv);

/// What channels are told a run with these arguments (without the program's name) is about: its
/// subject (subject.hpp), or the command's name where Watch says so. Throws Error{usage} for what
/// the program would refuse before it runs.
std::string check_arguments(const CommandInfo& info,
                            const std::function<void(CLI::App&)>& define_options,
                            const std::vector<std::string>& arguments);

namespace lookup {
/// Hides the namespace bkp::run, so that the call below is looked up by its argument's type.
void run();
template <class Options>
Report run_command(const Options& options, run::Context& context) {
  return run(options, context);
}
}  // namespace lookup

template <class Options>
bool is_recorded(const Options& options) {
  if constexpr (requires { options.recorded(); }) return options.recorded();
  return true;
}

template <class Options>
Watch watch_of(const Options& options) {
  if constexpr (requires { options.watch(); }) return options.watch();
  return Watch::no;
}

inline bool is_told_as_a_whole(Watch watch) {
  return watch == Watch::by_command || watch == Watch::heartbeat;
}

template <class Options>
void assume(Options& options, const std::vector<std::string>& arguments) {
  if constexpr (requires { options.assume(arguments); }) options.assume(arguments);
}

template <class Options>
int exit_code_of(const Options& options, const util::Error& error) {
  if constexpr (requires { options.exit_code_of(error); }) return options.exit_code_of(error);
  return Options::info.exit_code_of(error);
}

template <class Options>
std::string text_of_error(const Options& options, const util::Error& error) {
  if constexpr (requires { options.text_of_error(error); }) return options.text_of_error(error);
  return {};
}

template <class Options>
std::string check_arguments(const std::vector<std::string>& arguments) {
  Options options;
  auto subject = check_arguments(
      Options::info, [&](CLI::App& app) { define(app, options); }, arguments);
  return is_told_as_a_whole(watch_of(options)) ? std::string{Options::info.name} : subject;
}

/// A command is an Options struct with `static constexpr CommandInfo info`, and beside it, found by
/// its type:
///   void define(CLI::App&, Options&);
///   cli::Report run(const Options&, run::Context&);
/// It leaves a row in `runs`, unless it has a member `bool recorded() const` that says no; and the
/// channels are told of it where it has a member `Watch watch() const` that says how. A member `int
/// exit_code_of(const util::Error&) const` is for a command whose options decide its exit codes,
/// `std::string text_of_error(const util::Error&) const` for one whose reader sees stdout alone,
/// and `void assume(const std::vector<std::string>&)` lets it know what it can where they cannot be
/// parsed.
template <class Options>
int run_main(int argc, char** argv) {
  Options options;
  const Command command{
      [&](CLI::App& app) { define(app, options); },
      [&] { return is_recorded(options); },
      [&] { return watch_of(options); },
      [&](const std::vector<std::string>& arguments) { assume(options, arguments); },
      [&](const util::Error& error) { return exit_code_of(options, error); },
      [&](const util::Error& error) { return text_of_error(options, error); },
      [&](run::Context& context) { return lookup::run_command(options, context); }};
  return run_program(Options::info, command, argc, argv);
}

}  // namespace bkp::cli
