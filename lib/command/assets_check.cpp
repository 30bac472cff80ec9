#include "command/assets_check.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "assets/asset_check.hpp"
#include "cli/table.hpp"
#include "run/lock.hpp"
#include "util/advice.hpp"
#include "util/error.hpp"
#include "util/priority.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using assets::AssetState;
using assets::SectionCheck;
using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

/// In the report; the catalog has all.
constexpr std::size_t most_faults = 1000;
constexpr std::size_t shown_faults = 20;

std::vector<config::AssetSection> chosen(const AssetsCheckOptions& options,
                                         const run::Context& context) {
  const auto& configured = context.config.assets;
  if (options.names.empty()) return configured;
  std::vector<config::AssetSection> sections;
  for (const auto& name : options.names) {
    const auto found = std::ranges::find(configured, name, &config::AssetSection::name);
    if (found == configured.end()) {
      throw Error{ErrorKind::not_found,
                  fmt::format("the configuration has no assets {}", util::quoted(name)),
                  "`bkp check --explain` shows what it has"};
    }
    sections.push_back(*found);
  }
  return sections;
}

assets::CheckRequest request_of(const AssetsCheckOptions& options) {
  assets::CheckRequest request;
  request.all = options.all;
  if (!options.share.empty()) request.share = util::parse_share(options.share);
  return request;
}

json to_json(const SectionCheck& check) {
  auto faults = json::array();
  for (const auto& fault : check.faults) {
    if (faults.size() == most_faults) break;
    faults.push_back(catalog::to_json(fault));
  }
  return {{"name", check.name},
          {"listed", check.listed},
          {"read", check.read},
          {"bytes", check.bytes},
          {"missing", check.count(AssetState::missing)},
          {"corrupt", check.count(AssetState::corrupt)},
          {"unreadable", check.count(AssetState::unreadable)},
          {"without_checksum", check.without_checksum},
          {"unusable_rows", check.unusable},
          {"never_read", check.never_read},
          {"oldest_read_at", check.oldest ? json(util::format_rfc3339(*check.oldest)) : json()},
          {"faults", faults},
          {"notes", check.notes},
          {"error", check.error ? json(util::printable(check.error->message())) : json()}};
}

std::string text_of(const catalog::AssetCheck& fault) {
  auto text = fmt::format("  {}: {}", fault.state, util::printable(fault.path));
  if (!fault.asset_id.empty()) text += fmt::format(" (id {})", util::printable(fault.asset_id));
  if (!fault.error_message.empty()) text += ": " + util::printable(fault.error_message);
  return text + "\n";
}

std::string text_of_faults(const SectionCheck& check) {
  std::string text;
  if (!check.faults.empty()) text += fmt::format("{}:\n", check.name);
  for (std::size_t i = 0; i < std::min(check.faults.size(), shown_faults); ++i)
    text += text_of(check.faults[i]);
  if (check.faults.size() > shown_faults) {
    text += fmt::format("  and {} more: bkp assets-check --faults {}\n",
                        check.faults.size() - shown_faults, util::shell_quoted(check.name));
  }
  return text;
}

std::string text_of(const std::vector<SectionCheck>& checks) {
  using Align = cli::Table::Align;
  cli::Table table{{{"ASSETS"},
                    {"LISTED", Align::right},
                    {"READ", Align::right},
                    {"BYTES", Align::right},
                    {"MISSING", Align::right},
                    {"CORRUPT", Align::right},
                    {"UNREADABLE", Align::right},
                    {"NEVER READ", Align::right}}};
  for (const auto& check : checks) {
    table.add({check.name, std::to_string(check.listed), std::to_string(check.read),
               util::format_size(check.bytes), std::to_string(check.count(AssetState::missing)),
               std::to_string(check.count(AssetState::corrupt)),
               std::to_string(check.count(AssetState::unreadable)),
               std::to_string(check.never_read)});
  }
  auto text = table.to_text(cli::terminal_width());
  for (const auto& check : checks) text += text_of_faults(check);
  return text;
}

std::uint64_t sum(const std::vector<SectionCheck>& checks, AssetState state) {
  std::uint64_t total = 0;
  for (const auto& check : checks) total += check.count(state);
  return total;
}

bool is_lost(const catalog::AssetCheck& fault) {
  return fault.state == to_text(AssetState::missing) || fault.state == to_text(AssetState::corrupt);
}

std::optional<Error> error_of_lost(const std::vector<SectionCheck>& checks) {
  for (const auto& check : checks) {
    const auto first = std::ranges::find_if(check.faults, is_lost);
    if (first == check.faults.end()) continue;
    return Error{ErrorKind::damaged,
                 fmt::format("{} missing and {} corrupt assets: {} of {} first",
                             sum(checks, AssetState::missing), sum(checks, AssetState::corrupt),
                             util::quoted(first->path), check.name),
                 "bring them back from a backup of the files, or correct the database's rows; the "
                 "runbook's chapter on assets has the steps"};
  }
  return std::nullopt;
}

/// Damaged where one is, or what all of them say alike; else partial.
std::optional<Error> error_of_unchecked(const std::vector<SectionCheck>& checks) {
  const auto fails_like = [](ErrorKind kind) {
    return [kind](const auto& check) { return check.error && check.error->kind() == kind; };
  };
  auto failed = std::ranges::find_if(checks, fails_like(ErrorKind::damaged));
  if (failed == checks.end())
    failed = std::ranges::find_if(checks, [](const auto& c) { return c.error.has_value(); });
  if (failed == checks.end()) return std::nullopt;
  const auto kind = failed->error->kind();
  const bool as_it_is = kind == ErrorKind::damaged || std::ranges::all_of(checks, fails_like(kind));
  return Error{
      as_it_is ? kind : ErrorKind::partial,
      fmt::format("the assets {} were not checked: {}", failed->name, failed->error->message()),
      failed->error->hint()};
}

/// The worst of what was found.
std::optional<Error> error_of(const std::vector<SectionCheck>& checks) {
  if (auto error = error_of_lost(checks)) return error;
  if (auto error = error_of_unchecked(checks)) return error;
  if (const auto unreadable = sum(checks, AssetState::unreadable); unreadable > 0) {
    return Error{
        ErrorKind::partial,
        fmt::format("{} assets could not be read, so nothing is known of them", unreadable),
        "see the reasons above; let the user bkp runs as read them (a group, setfacl)"};
  }
  std::uint64_t unusable = 0;
  for (const auto& check : checks) unusable += check.unusable;
  if (unusable > 0) {
    return Error{ErrorKind::partial,
                 fmt::format("{} rows do not say which file they mean, or what it holds", unusable),
                 "see the warnings above; correct these rows, or leave them out in `sql`"};
  }
  return std::nullopt;
}

/// What the last checks have found missing or corrupt.
cli::Report report_of_known(const AssetsCheckOptions& options,
                            const std::vector<config::AssetSection>& sections,
                            run::Context& context) {
  cli::Report report;
  report.text_is_document = true;
  report.result["faults"] = json::array();
  const bool to_people = ::isatty(STDOUT_FILENO) == 1;
  auto catalog = context.open_catalog();
  for (const auto& section : sections) {
    for (const auto& fault : catalog.asset_checks(section.name, true)) {
      if (!is_lost(fault)) continue;
      const auto path = assets::below(section.root, fault.path).value_or(fault.path);
      report.text += to_people ? util::printable(path) : path;
      report.text += options.null ? '\0' : '\n';
      auto object = catalog::to_json(fault);
      object["name"] = section.name;
      report.result["faults"].push_back(std::move(object));
    }
  }
  return report;
}

}  // namespace

void define(CLI::App& app, AssetsCheckOptions& options) {
  app.add_option("NAME", options.names, "of `assets` in the configuration; default: all");
  auto* all = app.add_flag("--all", options.all, "read every file, not the night's share");
  auto* share = app.add_option("--share", options.share,
                               "read this share of the files, in place of `nightly`")
                    ->type_name("SHARE")
                    ->excludes(all);
  auto* faults =
      app.add_flag("--faults", options.faults,
                   "check nothing: print the paths that are known to be missing or corrupt")
          ->excludes(all)
          ->excludes(share);
  app.add_flag("--null", options.null, "end each of these paths with a byte 0")->needs(faults);
}

cli::Report run(const AssetsCheckOptions& options, run::Context& context) {
  const auto request = request_of(options);
  const auto sections = chosen(options, context);
  if (options.faults) return report_of_known(options, sections, context);
  std::optional<run::SiteLock> lock;
  if (!context.dry_run && !sections.empty())
    lock.emplace(context, run::LockName::assets, run::LockMode::exclusive, "assets-check");
  util::lower_priority(context.config.limits.nice, context.config.limits.ionice);
  std::vector<SectionCheck> checks;
  for (const auto& section : sections)
    checks.push_back(assets::check_assets(context, section, request));
  assets::forget_other_sections(context);
  cli::Report report;
  report.result["assets"] = json::array();
  for (const auto& check : checks) {
    report.result["assets"].push_back(to_json(check));
    report.bytes += check.bytes;
    for (const auto& note : check.notes)
      context.warn(fmt::format("{}: {}", check.name, util::printable(note)));
    // The report's own error says it of the one.
    if (check.error && checks.size() > 1)
      context.warn(fmt::format("{}: {}", check.name, util::with_hint(*check.error)));
  }
  report.text =
      checks.empty() ? "no assets are configured: `assets` in bkp.yaml(5)\n" : text_of(checks);
  for (const auto& check : checks) {
    if (!check.faults.empty())
      report.text_of_failures = report.text_of_failures.value_or("") + text_of_faults(check);
  }
  report.error = error_of(checks);
  return report;
}

}  // namespace bkp::command
