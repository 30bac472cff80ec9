#pragma once

#include <chrono>
#include <string>

#include <CLI/CLI.hpp>

namespace bkp::cli {

/// The options that every command has; documented in bkp(1).
struct SharedOptions {
  std::string config;  ///< empty: the usual places
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::string log_format = "text";
  bool syslog = false;
  std::string color = "auto";
  std::chrono::seconds lock_wait{0};
  std::string triggered_by = "manual";
  bool dry_run = false;
};

void define(CLI::App& app, SharedOptions& options);

/// A check for CLI11 options that hold a duration ("30min"); empty text when good.
std::string check_duration(const std::string& text);

}  // namespace bkp::cli
