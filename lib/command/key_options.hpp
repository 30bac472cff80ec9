#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "run/context.hpp"
#include "run/keys.hpp"

namespace bkp::command {

/// The options of commands that read backups, beside the keys of the configuration.
struct ReadingKeyOptions {
  std::vector<std::string> identity_files;  ///< in place of the configuration's
  std::vector<std::string> trusted_keys;    ///< likewise
  bool ignore_signatures = false;
};

/// --identity, --trusted-key, --ignore-signature.
void define(CLI::App& app, ReadingKeyOptions& options);
/// The first alone.
void define_identities(CLI::App& app, ReadingKeyOptions& options);
/// The last two, for commands that open nothing.
void define_signatures(CLI::App& app, ReadingKeyOptions& options);

run::ReadingKeys reading_keys(const ReadingKeyOptions& options, const run::Context& context);

}  // namespace bkp::command
