#include "cli/dispatcher.hpp"

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <zstd.h>
#include <CLI/Version.hpp>

#include "cli/envelope.hpp"
#include "cli/system_terminal.hpp"
#include "pg/libpq.hpp"
#include "pg/tools.hpp"
#include "util/environment.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace bkp::cli {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::string_view program_prefix = "bkp-";

std::filesystem::path libexec_directory() {
  return util::executable_directory();
}

/// PREFIX/share/man
std::filesystem::path man_directory() {
  return libexec_directory().parent_path().parent_path() / "share" / "man";
}

std::vector<std::string> commands() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{libexec_directory(), ignored}) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(program_prefix)) names.push_back(name.substr(program_prefix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// What is installed; its words come from `known`, in that order.
std::string usage(const std::vector<CommandInfo>& known) {
  std::string text =
      "usage: bkp COMMAND [options]\n"
      "       bkp help [COMMAND]\n"
      "       bkp --version\n\n"
      "commands:\n";
  auto installed = commands();
  for (const auto& info : known) {
    if (std::erase(installed, info.name) > 0)
      text += fmt::format("  {:<16}{}\n", info.name, info.summary);
  }
  for (const auto& name : installed) text += fmt::format("  {}\n", name);
  text += fmt::format("  {:<16}{}\n", "help", "list the commands, or open the page of one");
  return text +
         "\n`bkp COMMAND --help` lists a command's options, `bkp help COMMAND` opens its page.\n";
}

std::string versions() {
  return fmt::format("bkp {}\nlibpq {}\nOpenSSL {}\nzstd {}\nfmt {}.{}.{}\nCLI11 {}\n",
                     util::version(), pg::format_version(pg::PQlibVersion()),
                     OpenSSL_version(OPENSSL_VERSION_STRING), ZSTD_versionString(),
                     FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100,
                     CLI11_VERSION);
}

[[noreturn]] void become(const std::filesystem::path& program, std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  throw Error::from_errno(ErrorKind::internal, "cannot run " + util::quoted(program.string()),
                          errno);
}

/// `bkp --config F list`: each command reads its own options, and `bkp` has none to pass on.
[[noreturn]] void refuse_option_first(const std::vector<std::string>& arguments,
                                      const std::vector<std::string>& known) {
  const auto command =
      std::find_first_of(arguments.begin(), arguments.end(), known.begin(), known.end());
  std::string right = command == arguments.end() ? "bkp COMMAND" : "bkp " + *command;
  for (auto word = arguments.begin(); word != arguments.end(); ++word) {
    if (word != command) right += " " + util::shell_quoted(*word);
  }
  throw Error{ErrorKind::usage,
              fmt::format("{} stands before the command", util::quoted(arguments.front())),
              fmt::format("options follow the command: `{}`", right)};
}

void check_command(const std::string& command) {
  auto known = commands();
  if (std::find(known.begin(), known.end(), command) != known.end()) return;
  if (known.empty()) {
    throw Error{ErrorKind::internal,
                fmt::format("no commands in {}", util::quoted(libexec_directory().string())),
                "the installation is incomplete: bin, lib and libexec belong together"};
  }
  known.emplace_back("help");
  const std::string near = util::nearest(command, known);
  throw Error{
      ErrorKind::usage, fmt::format("there is no command {}", util::quoted(command)),
      near.empty() ? "`bkp help` lists the commands" : fmt::format("did you mean `bkp {}`?", near)};
}

/// The page from this installation's own share/man when it has one, else from where man(1) looks.
void show_page(const std::string& name) {
  const auto own = man_directory();
  const auto page = own / (name.ends_with(".yaml") ? "man5" : "man1");
  std::vector<std::string> arguments{"man"};
  std::error_code ignored;
  if (std::filesystem::exists(page / (name + (name.ends_with(".yaml") ? ".5" : ".1")), ignored)) {
    arguments.insert(arguments.end(), {"-M", own.string()});
  }
  arguments.push_back(name);
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execvp("man", argv.data());
  // Small systems have no man(1); the programs can speak for themselves.
  if (errno == ENOENT && name.starts_with(program_prefix))
    become(libexec_directory() / name, {name, "--help"});
  throw Error{ErrorKind::not_found,
              fmt::format("cannot show the page {}: there is no man(1) here", name),
              fmt::format("install man-db, or read {}", util::quoted(page.string()))};
}

int help(int argc, char** argv, const std::vector<CommandInfo>& known) {
  if (argc == 0) {
    print(usage(known));
    return 0;
  }
  const std::string topic = argv[0];
  if (topic == "bkp" || topic == "bkp.yaml") {
    show_page(topic);
  } else if (topic != "help") {
    check_command(topic);
  }
  show_page(std::string{program_prefix} + topic);
  return 0;
}

/// A command that is missing fails as it would fail itself.
int exit_code_of(const Error& error, std::string_view command,
                 const std::vector<CommandInfo>& known) {
  const auto found = std::ranges::find(known, command, &CommandInfo::name);
  return found == known.end() ? error.exit_code() : found->exit_code_of(error);
}

int dispatch_unsafe(int argc, char** argv, const std::vector<CommandInfo>& known) {
  if (argc < 2) {
    const std::string text = usage(known);
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    return Error{ErrorKind::usage, ""}.exit_code();
  }
  const std::string command = argv[1];
  if (command == "--version" || command == "-V") {
    print(versions());
    return 0;
  }
  if (command == "--help" || command == "-h") {
    print(usage(known));
    return 0;
  }
  if (command == "help") return help(argc - 2, argv + 2, known);
  if (command.starts_with('-')) refuse_option_first({argv + 1, argv + argc}, commands());
  check_command(command);
  throw Error{
      ErrorKind::internal,
      fmt::format(
          "{} cannot be run",
          util::quoted((libexec_directory() / (std::string{program_prefix} + command)).string())),
      "check its permissions, or install bkp again"};
}

}  // namespace

int dispatch(int argc, char** argv, const std::vector<CommandInfo>& known) {
  Error error{ErrorKind::internal, ""};
  int exit_code = 0;
  try {
    try {
      return dispatch_unsafe(argc, argv, known);
    } catch (...) {
      error = util::current_error();
    }
    exit_code = exit_code_of(error, argv[1], known);
    const bool json =
        std::any_of(argv + 1, argv + argc, [](std::string_view text) { return text == "--json"; });
    const std::string command = *argv[1] == '-' ? "bkp" : argv[1];
    if (json) print(envelope(ended_at_once(command, error, exit_code)));
  } catch (...) {
    // A closed or full stdout: stderr and the exit code still tell.
  }
  const std::string text = error_text("bkp", error, false);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  return exit_code;
}

}  // namespace bkp::cli
