#include "command/prune.hpp"

#include <fmt/format.h>

#include "catalog/time_text.hpp"
#include "cli/table.hpp"
#include "command/store_prune.hpp"
#include "config/parse.hpp"
#include "retention/policy.hpp"
#include "retention/usage.hpp"
#include "run/lock.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using nlohmann::json;
using retention::Action;
using util::Error;
using util::ErrorKind;

namespace {

/// For CLI11; empty when good.
std::string check_policy(const std::string& text) {
  try {
    config::parse_retention(text);
    return {};
  } catch (const Error& error) {
    return fmt::format("{}; {}", error.message(), error.hint());
  }
}

}  // namespace

void define(CLI::App& app, PruneOptions& options) {
  app.add_option("--store", options.stores, "this store only; may be given several times")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_option("--policy", options.policy,
                 "keep by this policy in place of the stores' own: '{daily: 7, monthly: 12}'")
      ->check(check_policy)
      ->type_name("POLICY");
}

namespace {

std::vector<StorePrune> prune_stores(const PruneOptions& options, run::Context& context) {
  auto opened = context.open_stores(options.stores);
  const auto policy_of = [&](const std::string& store) {
    return options.policy.empty() ? context.config.store(store).retention
                                  : config::parse_retention(options.policy);
  };
  auto known = ask_catalog(context);
  std::vector<StorePrune> results;
  for (const auto& store : opened.stores) {
    auto& result = results.emplace_back();
    result.name = store.name;
    result.url = store.store->url();
    result.policy = policy_of(store.name);
    try {
      prune_store(context, store, known, result);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      result.error = error;
    }
  }
  for (const auto& failure : opened.failures) {
    auto& result = results.emplace_back();
    result.name = failure.name;
    result.url = failure.url;
    result.policy = policy_of(failure.name);
    result.error = failure.error;
  }
  return results;
}

json plan_json(const StorePrune& result) {
  auto plan = json::array();
  for (const auto& [candidate, action, reasons] : result.plan) {
    plan.push_back(
        {{"label", candidate.label},
         {"store", result.name},
         {"action", retention::action_name(action)},
         {"reasons", reasons},
         {"backup_type", candidate.backup_type},
         {"method", candidate.method},
         {"database_name",
          candidate.database_name ? json(util::printable(*candidate.database_name)) : json{}},
         {"started_at", catalog::time_text(candidate.started_at)},
         {"size_bytes", candidate.size_bytes}});
  }
  return plan;
}

json store_json(const StorePrune& result) {
  return {{"store", result.name},
          {"url", result.url},
          {"policy", retention::describe(result.policy)},
          {"kept", retention::total_of(result.plan, Action::keep).backups},
          {"removed", result.swept.removed.size()},
          {"bytes_freed", result.swept.freed.bytes},
          {"debris", result.debris},
          {"unfinished", result.unfinished},
          {"vanished", result.vanished},
          {"wal",
           {{"files", result.wal_files},
            {"removed", result.wal.remove.size()},
            {"bytes_freed", result.wal.bytes},
            {"since", result.wal.anchor ? json(*result.wal.anchor) : json(nullptr)}}},
          {"usage", result.usage ? catalog::to_json(*result.usage) : json{}},
          {"error", result.error ? json(result.error->full_message()) : json{}}};
}

std::string summary(const StorePrune& result, bool dry_run) {
  const auto to_go = retention::total_of(result.plan, Action::remove);
  auto text = fmt::format("{} {} of {} backups and {} {}", dry_run ? "would remove" : "removed",
                          dry_run ? to_go.backups : result.swept.removed.size(), result.plan.size(),
                          dry_run ? "free" : "freed",
                          util::format_size(dry_run ? to_go.bytes : result.swept.freed.bytes));
  if (!result.debris.empty()) {
    text += fmt::format("; {} what {} unfinished one{} left",
                        dry_run ? "would clear away" : "cleared away", result.debris.size(),
                        result.debris.size() == 1 ? "" : "s");
  }
  if (result.wal_files > 0) {
    text += fmt::format("; {} {} of {} WAL files ({}), any time since {} stays within reach",
                        dry_run ? "would remove" : "removed", result.wal.remove.size(),
                        result.wal_files, util::format_size(result.wal.bytes),
                        result.wal.anchor.value_or("the first one"));
  }
  if (result.usage) text += "; " + retention::describe(*result.usage);
  return text;
}

std::string failure_text(const StorePrune& result) {
  return fmt::format("failed on store {}: {}\n", util::printable(result.name),
                     result.error->full_message());
}

std::string store_text(const StorePrune& result, util::Time now, bool dry_run, std::size_t width) {
  auto text = fmt::format("store {} at {}\nkeeps {}\n", util::printable(result.name),
                          util::printable(result.url), retention::describe(result.policy));
  if (!result.plan.empty()) text += plan_text(result.plan, now, width);
  for (const auto& key : result.unfinished) {
    text +=
        fmt::format("unfinished upload {}{}\n", util::printable(key), dry_run ? "" : ": removed");
  }
  if (result.error) return text + failure_text(result);
  return text + summary(result, dry_run) + "\n";
}

std::optional<Error> overall_error(const std::vector<StorePrune>& results) {
  const StorePrune* first = nullptr;
  std::size_t failed = 0;
  for (const auto& result : results) {
    if (!result.error) continue;
    if (failed++ == 0) first = &result;
  }
  if (first == nullptr) return std::nullopt;
  if (failed == results.size()) return first->error;
  return Error{ErrorKind::partial,
               fmt::format("{} of {} stores could not be pruned; store {}: {}", failed,
                           results.size(), util::quoted(first->name), first->error->full_message()),
               first->error->hint()};
}

}  // namespace

std::string plan_text(const retention::Plan& plan, util::Time now, std::size_t width) {
  using Align = cli::Table::Align;
  using Overflow = cli::Table::Overflow;
  cli::Table table{{{"ACTION", Align::left, Overflow::keep},
                    {"LABEL", Align::left, Overflow::keep},
                    {"AGE", Align::right, Overflow::keep},
                    {"SIZE", Align::right, Overflow::keep},
                    {"WHY", Align::left, Overflow::wrap}}};
  for (const auto& [candidate, action, reasons] : plan) {
    table.add({std::string{retention::action_name(action)}, candidate.label,
               util::format_duration(now - candidate.started_at),
               util::format_size(candidate.size_bytes),
               fmt::format("{}", fmt::join(reasons, "; "))});
  }
  return table.to_text(width);
}

cli::Report run(const PruneOptions& options, run::Context& context) {
  std::vector<run::SiteLock> locks;
  if (!context.dry_run) {
    using run::LockMode, run::LockName;
    locks.emplace_back(context, LockName::write, LockMode::exclusive, "prune");
    locks.emplace_back(context, LockName::read, LockMode::exclusive, "prune");
    context.recorder.fail_abandoned_backups("the run that made it ended without a word");
  }
  const auto results = prune_stores(options, context);

  cli::Report report;
  report.result = {
      {"dry_run", context.dry_run}, {"plan", json::array()}, {"stores", json::array()}};
  const auto now = context.clock.now();
  std::uint64_t bytes_freed = 0;
  for (const auto& result : results) {
    if (context.wants_json) {
      for (auto& entry : plan_json(result)) report.result["plan"].push_back(std::move(entry));
    }
    report.result["stores"].push_back(store_json(result));
    bytes_freed += result.swept.freed.bytes;
    if (!context.wants_text) continue;
    report.text += (report.text.empty() ? "" : "\n") +
                   store_text(result, now, context.dry_run, cli::terminal_width());
  }
  report.text_of_failures.emplace();
  for (const auto& result : results) {
    if (result.error) *report.text_of_failures += failure_text(result);
  }
  report.result["bytes_freed"] = bytes_freed;
  report.error = overall_error(results);
  return report;
}

}  // namespace bkp::command
