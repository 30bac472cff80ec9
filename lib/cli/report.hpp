#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "util/error.hpp"

namespace bkp::cli {

enum class ConfigNeed {
  required,     ///< no configuration file is an error
  unconnected,  ///< the same, and no server is talked to: config::Connections::left_out
  optional,     ///< read when there is one
  none,         ///< never read
};

/// Who is told of a run that fails (notify/notifier.hpp).
enum class Watch {
  no,          ///< whoever started it, and nobody else
  by_subject,  ///< the channels, of each run that does something else by itself (subject.hpp)
  by_command,  ///< the same of the command as a whole, whatever its arguments are
  heartbeat,   ///< the same, and that it runs at all is told to dead man's switches, row or not
};

/// What run_main must know of a command before it runs. Each Options struct has one as `static
/// constexpr info`.
struct CommandInfo {
  std::string_view name;     ///< "pitr-restore"
  std::string_view summary;  ///< one line for --help and the list of commands
  ConfigNeed config = ConfigNeed::required;
  /// Looks for what is wrong, and so runs, unrecorded, where the way to the catalog cannot even be
  /// told (a password file that others can read).
  bool diagnoses = false;
  /// The exit code of a run that ended with this error, where it is not util::Error's:
  /// restore_command has a rule of its own.
  int (*exit_code)(const util::Error& error) = nullptr;

  int exit_code_of(const util::Error& error) const {
    return exit_code == nullptr ? error.exit_code() : exit_code(error);
  }
};

/// What a command that ran has to say.
struct Report {
  nlohmann::json result = nlohmann::json::object();  ///< `result` of the JSON envelope
  std::string text;                                  ///< for people, on stdout; nothing under -q
  /// Printed in place of the text under -q, when there is an error: what of the text it concerns.
  std::optional<std::string> text_of_failures = {};
  /// The text is what was asked for, a document: it is printed under -q too.
  bool text_is_document = false;
  /// A run that came to its end but not well: partial, damaged. Decides status and exit code; the
  /// result stays.
  std::optional<util::Error> error;
  int exit_code = 0;  ///< without an error
  /// The channels have been told of all that the error says.
  bool error_is_told = false;
  std::uint64_t bytes = 0;  ///< moved, for `runs`
};

}  // namespace bkp::cli
