#include "config/secret.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

using util::Error;
using util::ErrorKind;

constexpr std::size_t size_limit = 64U << 10U;

std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::string from_environment(const std::string& variable, const util::Environment& environment) {
  if (auto value = environment.get(variable)) return *value;
  throw Error{ErrorKind::config,
              fmt::format("the environment variable {} is not set", util::quoted(variable)),
              "set it where bkp is started; a cron file can have a line NAME=value"};
}

std::string from_file(const std::filesystem::path& path) {
  const auto name = util::quoted(path.string());
  std::optional<std::string> text;
  try {
    text = util::read_private_file(path, "the secret file", size_limit);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::key) throw;
    throw Error{ErrorKind::config,
                fmt::format("the secret file {} cannot be read: {}", name, error.message()),
                error.hint()};
  }
  if (!text) {
    throw Error{ErrorKind::config, fmt::format("there is no secret file {}", name),
                "make it, readable by its owner only (mode 0600)"};
  }
  return *text;
}

std::string from_command(const std::vector<std::string>& argv, const util::Environment& environment,
                         util::ProcessRunner& processes) {
  util::Command command;
  command.argv = argv;
  command.environment = environment.for_child();
  command.stdout_pipe = true;
  const auto name = util::quoted(argv.front());
  const auto finished = [&] {
    try {
      return processes.run(command, size_limit);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      throw Error{
          ErrorKind::config,
          fmt::format("the command {} for a secret does not run: {}", name, error.message()),
          "run it by hand as the same user; argv[0] is looked up in PATH"};
    }
  }();
  if (!finished.status.success()) {
    const auto complaint = without_line_end(finished.stderr_tail);
    throw Error{ErrorKind::config,
                fmt::format("the command {} for a secret failed with {}{}{}", name,
                            finished.status.to_string(), complaint.empty() ? "" : ": ",
                            util::printable(complaint)),
                "run it by hand as the same user, with an environment that has only PATH and HOME"};
  }
  return finished.standard_output;
}

}  // namespace

std::string resolve(const SecretText& secret, const util::Environment& environment,
                    util::ProcessRunner& processes) {
  if (const auto* text = std::get_if<std::string>(&secret.source)) return *text;
  std::string value;
  if (const auto* variable = std::get_if<SecretText::FromEnvironment>(&secret.source)) {
    value = from_environment(variable->variable, environment);
  } else if (const auto* file = std::get_if<SecretText::FromFile>(&secret.source)) {
    value = from_file(file->path);
  } else {
    value =
        from_command(std::get<SecretText::FromCommand>(secret.source).argv, environment, processes);
  }
  value = without_line_end(std::move(value));
  if (value.empty()) {
    throw Error{ErrorKind::config, "the source of a secret gave nothing",
                "see that the file, or the command's output, holds the value"};
  }
  return value;
}

}  // namespace bkp::config
