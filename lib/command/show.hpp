#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "backup/manifest.hpp"
#include "catalog/records.hpp"
#include "cli/report.hpp"
#include "command/choice.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp show ID`: everything known of one backup, a purged one too.
struct ShowOptions {
  static constexpr cli::CommandInfo info{.name = "show", .summary = "show one backup in full"};
  BackupChoice backup;
};

void define(CLI::App& app, ShowOptions& options);
/// Result: `backup` with every column of the data model, `verifications` newest first as the
/// catalog has them (empty when it is down), `parts` and `contents` from the manifest (null when no
/// store gives it).
cli::Report run(const ShowOptions& options, run::Context& context);

/// What `show` shows.
struct BackupView {
  catalog::BackupRecord backup;
  std::vector<catalog::VerificationRecord> verifications;
  std::optional<backup::Manifest> manifest;
};

nlohmann::json show_json(const BackupView& view);
/// For people; tables at most `width` columns wide (0 = as wide as it gets).
std::string show_text(const BackupView& view, util::Time now, std::size_t width);

}  // namespace bkp::command
