#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::cli {

/// The whole of a program but its command: parses the shared options and the command's own, reads
/// the configuration, opens the run's row, installs signal handlers, runs, closes the row, prints
/// text or the JSON envelope, prints errors, returns the documented exit code. Nothing escapes as
/// an exception.
int run_program(const CommandInfo& info, const std::function<void(CLI::App&)>& define_command,
                const std::function<Report(run::Context&)>& body, int argc, char** argv);

namespace lookup {
/// Hides the namespace bkp::run, so that the call below is looked up by its argument's type.
void run();
template <class Options>
Report run_command(const Options& options, run::Context& context) {
  return run(options, context);
}
}  // namespace lookup

/// A command is an Options struct with `static constexpr CommandInfo info`, and beside it, found by
/// its type:
///   void define(CLI::App&, Options&);
///   cli::Report run(const Options&, run::Context&);
template <class Options>
int run_main(int argc, char** argv) {
  Options options;
  return run_program(
      Options::info, [&](CLI::App& app) { define(app, options); },
      [&](run::Context& context) { return lookup::run_command(options, context); }, argc, argv);
}

}  // namespace bkp::cli
