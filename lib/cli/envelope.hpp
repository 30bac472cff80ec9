#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/clock.hpp"
#include "util/error.hpp"

namespace bkp::cli {

/// How a run ended, for the JSON envelope "bkp/v1" (cli contract) and for people.
struct Ending {
  std::string command;
  std::optional<std::int64_t> run_id;
  util::Time started_at;
  util::Time finished_at;
  nlohmann::json result = nlohmann::json::object();
  std::vector<std::string> warnings;
  std::optional<util::Error> error;
  int exit_code = 0;

  /// "ok", "partial" or "failed".
  std::string status() const;
};

/// Of a run that failed before it could begin.
Ending ended_at_once(std::string command, util::Error error, int exit_code);

/// The one JSON document, with a line end.
std::string envelope(const Ending& ending);

/// "bkp full: error: …", the context and the hint, a line each, control characters escaped.
std::string error_text(const std::string& program, const util::Error& error, bool color);

}  // namespace bkp::cli
