#include "run/terminal.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::run {

std::string require_confirmation(Terminal& terminal, std::string_view name,
                                 const std::string& yes_option, std::string_view what_happens) {
  const auto refuse = [&](std::string why) {
    return util::Error{
        util::ErrorKind::refused, fmt::format("not confirmed: {}; nothing was changed", why),
        fmt::format("to go on without a terminal: --yes {}", util::shell_quoted(name))};
  };
  if (!yes_option.empty()) {
    if (yes_option == name) return fmt::format("--yes {}", name);
    throw refuse(fmt::format("--yes says {}, but this is about {}", util::quoted(yes_option),
                             util::quoted(name)));
  }
  const auto answer =
      terminal.ask(fmt::format("{}\nType {} to go on: ", what_happens, util::quoted(name)));
  if (!answer) throw refuse("there is no answer");
  if (*answer != name)
    throw refuse(
        fmt::format("{} was typed instead of {}", util::quoted(*answer), util::quoted(name)));
  return fmt::format("typed {}", name);
}

}  // namespace bkp::run
