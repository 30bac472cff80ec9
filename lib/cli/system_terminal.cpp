#include "cli/system_terminal.hpp"

#include <unistd.h>
#include <cerrno>

#include "util/fd.hpp"

namespace bkp::cli {

void print(std::string_view text) {
  util::write_for_reader(STDOUT_FILENO, std::as_bytes(std::span{text}), "standard output");
}

bool SystemTerminal::interactive() const {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

void SystemTerminal::show(std::string_view text) {
  if (m_quiet && !interactive()) return;
  util::write_all(m_json ? STDERR_FILENO : STDOUT_FILENO, std::as_bytes(std::span{text}),
                  "the plan");
}

std::optional<std::string> SystemTerminal::ask(std::string_view question) {
  util::write_all(STDERR_FILENO, std::as_bytes(std::span{question}), "the question");
  std::string line;
  for (;;) {
    char byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    // EINTR included: a signal while waiting for an answer means no.
    if (got <= 0) {
      util::write_all(STDERR_FILENO, std::as_bytes(std::span{"\n", 1}), "the question");
      return std::nullopt;
    }
    if (byte == '\n') return line;
    line += byte;
  }
}

}  // namespace bkp::cli
