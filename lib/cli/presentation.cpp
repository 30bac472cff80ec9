#include "cli/presentation.hpp"

#include <unistd.h>

#include <csignal>

#include <fmt/format.h>

#include "cli/system_terminal.hpp"

namespace bkp::cli {

using util::Error;

namespace {

void present_error(const Error& error, const SharedOptions& shared, const Speaker& speaker) {
  auto* const log = speaker.log;
  if (log != nullptr && (shared.log_format == "json" || shared.syslog)) {
    log->error("{}{}", error.full_message(),
               error.hint().empty() ? "" : fmt::format(" [hint: {}]", error.hint()));
  }
  if (log == nullptr || shared.log_format != "json") {
    const std::string message = error_text(speaker.program, error, speaker.color);
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message.data(), message.size());
  }
}

}  // namespace

int present(const Ending& ending, const std::string& text, const SharedOptions& shared,
            const Speaker& speaker, const std::function<int(const Error& error)>& exit_code_of) {
  auto error = ending.error;
  try {
    if (shared.json) {
      print(envelope(ending));
    } else if (!text.empty()) {
      print(text);
    }
  } catch (...) {
    // The reader of our output went away or its disk is full; what the run did stands.
    if (!error) error = util::current_error();
  }
  if (!error) return ending.exit_code;
  // Then there is nothing to say: `bkp list | head` has what it wanted.
  if (error->signal() != SIGPIPE) present_error(*error, shared, speaker);
  return exit_code_of(*error);
}

}  // namespace bkp::cli
