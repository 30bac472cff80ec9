#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "notify/outbox.hpp"
#include "notify/problems.hpp"
#include "util/error.hpp"

namespace bkp::command {

/// How a channel took a message.
struct Tried {
  std::string channel;
  std::optional<util::Error> error;
};

nlohmann::json to_json(const Tried& tried);
std::string to_text(const std::vector<Tried>& tried, bool dry_run);

nlohmann::json to_json(const notify::Problem& problem);
nlohmann::json to_json(const notify::Outbox::Waiting& waiting);
/// What is wrong and what waits, by age.
std::string to_text(const std::vector<notify::Problem>& problems,
                    const std::vector<notify::Outbox::Waiting>& waiting, util::Time now);

/// A line each: "bkp full --db studio failed, for 3h: …".
std::string lines_of(const std::vector<notify::Problem>& problems, util::Time now);

}  // namespace bkp::command
