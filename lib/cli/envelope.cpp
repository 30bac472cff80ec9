#include "cli/envelope.hpp"

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::cli {

using nlohmann::ordered_json;

namespace {

ordered_json to_json(const util::Error& error) {
  return {{"kind", util::kind_name(error.kind())},
          {"message", error.message()},
          {"hint", error.hint()},
          {"context", error.context()}};
}

}  // namespace

std::string Ending::status() const {
  if (!error) return "ok";
  return error->kind() == util::ErrorKind::partial ? "partial" : "failed";
}

Ending ended_at_once(std::string command, util::Error error, int exit_code) {
  Ending ending;
  ending.command = std::move(command);
  ending.started_at = ending.finished_at = util::SystemClock{}.now();
  ending.error = std::move(error);
  ending.exit_code = exit_code;
  return ending;
}

std::string envelope(const Ending& ending) {
  ordered_json out;
  out["schema"] = "bkp/v1";
  out["command"] = ending.command;
  out["status"] = ending.status();
  out["exit_code"] = ending.exit_code;
  out["run_id"] = ending.run_id ? ordered_json(*ending.run_id) : ordered_json(nullptr);
  out["started_at"] = util::format_rfc3339(ending.started_at);
  out["finished_at"] = util::format_rfc3339(ending.finished_at);
  out["result"] = ending.result;
  out["warnings"] = ending.warnings;
  out["error"] = ending.error ? to_json(*ending.error) : ordered_json(nullptr);
  // Names in the result may come from databases of any encoding.
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string error_text(const std::string& program, const util::Error& error, bool color) {
  auto text = fmt::format("{}: {}error:{} {}\n", program, color ? "\x1b[1;31m" : "",
                          color ? "\x1b[0m" : "", util::printable_lines(error.message(), "  "));
  for (const auto& context : error.context())
    text += fmt::format("  while {}\n", util::printable_lines(context, "    "));
  if (!error.hint().empty())
    text += fmt::format("  hint: {}\n", util::printable_lines(error.hint(), "    "));
  return text;
}

}  // namespace bkp::cli
