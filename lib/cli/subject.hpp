#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace bkp::cli {

/// What a run is to do, told by its own options and not by those that every command has: "full --db
/// studio". Two runs with the same subject do the same. Takes what was parsed; `shared` are the
/// options that every command has. Nothing in it is secret, and it can be shown.
std::string subject_of(const CLI::App& app, std::string_view command,
                       const std::vector<const CLI::Option*>& shared);

}  // namespace bkp::cli
