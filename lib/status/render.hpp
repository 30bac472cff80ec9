#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "status/site_status.hpp"

namespace bkp::status {

/// A line for each item, the worst first, within `width` columns (0: without limit); in colour, or
/// with the colour's name alone.
std::string to_text(const SiteStatus& status, bool colored, std::size_t width);

/// `result` of `bkp status --json`.
nlohmann::json to_json(const SiteStatus& status);

/// One gauge for everything that is measured, in Prometheus' text format (version 0.0.4:
/// "Exposition formats" of its documentation). What is not known is left out.
std::string to_prometheus(const SiteStatus& status);

/// What a monitoring plugin says (Monitoring Plugins Development Guidelines, sections 2 and 3): one
/// line, the state first, performance data behind "|"; then the other items, a line each.
std::string to_plugin_output(const SiteStatus& status);
/// What it says where it cannot tell.
std::string unknown_plugin_output(const std::string& why);
/// 0 ok, 1 warning, 2 critical.
int plugin_exit_code(Level level);
inline constexpr int plugin_unknown = 3;

}  // namespace bkp::status
