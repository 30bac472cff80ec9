#include "command/raw_output.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "util/error.hpp"

namespace bkp::command {

void require_raw_output(const run::Context& context, std::string_view what) {
  using util::Error;
  using util::ErrorKind;
  if (context.wants_json) {
    throw Error{ErrorKind::usage, fmt::format("--json has no place here: stdout is {}", what),
                "leave it out; the exit code tells the rest"};
  }
  if (::isatty(STDOUT_FILENO) == 1) {
    throw Error{ErrorKind::usage, fmt::format("{} is not for a terminal", what),
                "send it to a file or another program: > FILE, or | PROGRAM"};
  }
}

}  // namespace bkp::command
