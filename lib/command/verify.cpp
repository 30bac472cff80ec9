#include "command/verify.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/source.hpp"
#include "command/choice.hpp"
#include "command/verify_attempt.hpp"
#include "run/lock.hpp"
#include "util/files.hpp"
#include "util/priority.hpp"
#include "util/text.hpp"
#include "verify/junit.hpp"
#include "verify/scratch_database.hpp"

namespace bkp::command {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

/// The first of each type, method and database.
std::vector<BackupRecord> newest_of_each(std::vector<BackupRecord> newest_first) {
  std::set<std::tuple<std::string, std::string, std::optional<std::string>>> seen;
  std::erase_if(newest_first, [&](const auto& record) {
    return !seen.emplace(record.backup_type, record.method, record.database_name).second;
  });
  return newest_first;
}

std::vector<BackupRecord> choose_backups(const VerifyOptions& options, run::Context& context) {
  catalog::BackupFilter filter;
  if (!options.type.empty()) filter.backup_type = options.type;
  if (!options.database.empty()) filter.database = options.database;
  auto backups = backup::list_backups(context, filter);
  if (!options.id.empty()) return {backup::select_backup(backups, options.id)};
  std::erase_if(backups, [](const auto& record) { return !record.good(); });
  if (backups.empty()) {
    throw Error{ErrorKind::not_found, "there is no backup to verify",
                "take one with `bkp full`; --db and --type narrow what is looked at"};
  }
  return options.all ? backups : newest_of_each(std::move(backups));
}

/// Where a copy is that stands in for the damaged one on `damaged`; empty when none is known.
std::string other_copy(const BackupRecord& backup, const std::vector<Attempt>& attempts,
                       const std::string& damaged) {
  const auto label = util::shell_quoted(backup.label);
  const auto text = [&](const std::string& store, std::string_view what) {
    const auto use =
        backup.database_name
            ? fmt::format("`bkp restore {} --db {} --store {}`", label,
                          util::shell_quoted(*backup.database_name), util::shell_quoted(store))
            : fmt::format("`bkp pitr-restore --backup {} --store {}`", label,
                          util::shell_quoted(store));
    return fmt::format(
        "{} on store {}: {} uses it, and `bkp copy {} --to {}` mends the damaged "
        "one from it",
        what, util::quoted(store), use, label, util::shell_quoted(damaged));
  };
  for (const auto& attempt : attempts) {
    const auto& found = attempt.verification;
    if (!attempt.not_made && found.success()) return text(found.store, "a good copy is");
  }
  for (const auto& copy : backup.copies) {
    const bool tried = std::ranges::any_of(
        attempts, [&](const auto& attempt) { return attempt.verification.store == copy.store; });
    if (!tried && copy.sound() && copy.store != damaged) {
      return text(copy.store, "a copy nothing is known against is");
    }
  }
  return {};
}

/// The stores that are to have a copy of one of the backups, each opened once.
run::OpenedStores open_stores_of(const VerifyOptions& options, run::Context& context,
                                 const std::vector<BackupRecord>& backups) {
  std::vector<std::string> names;
  for (const auto& store : context.config.stores) {
    const bool wanted = options.store.empty() || store.name == options.store;
    if (wanted && std::ranges::any_of(backups, [&](const auto& backup) {
          return backup.complete_copy_on(store.name) != nullptr;
        })) {
      names.push_back(store.name);
    }
  }
  if (names.empty()) return {};
  auto opened = context.open_stores(names);
  for (const auto& failure : opened.failures) {
    context.warn(fmt::format("store {} cannot be opened, none of its copies is looked at: {}",
                             util::quoted(failure.name), failure.error.message()));
  }
  return opened;
}

/// What a backup is built on and was damaged in its test restore: every copy is re-read, so that
/// the damage is noted where it is.
void look_below(const VerifyOptions& options, run::Context& context,
                std::vector<Attempt>& attempts) {
  auto re_read = options;
  re_read.level = "checksum";
  std::set<std::string> labels;
  for (const auto& attempt : attempts)
    labels.insert(attempt.verification.damaged_below.begin(),
                  attempt.verification.damaged_below.end());
  if (labels.empty()) return;
  for (const auto& backup : backup::list_backups(context, {})) {
    if (!labels.contains(backup.label) || !backup.good()) continue;
    try {
      for (const auto& store : backup::stores_with(context, backup, {}))
        attempts.push_back(verify_copy(re_read, context, backup, store));
    } catch (const Error& error) {
      // What was found above stands.
      if (error.kind() == ErrorKind::interrupted) throw;
      context.warn(fmt::format("{} was not looked at: {}", backup.label, error.full_message()));
    }
  }
}

/// Re-reading concerns every copy, a test restore one.
std::vector<Attempt> verify_backup(const VerifyOptions& options, run::Context& context,
                                   const run::OpenedStores& opened, const BackupRecord& backup) {
  auto stores = backup::stores_with(context, opened, backup, options.store);
  if (options.level != "checksum") stores.resize(1);
  std::vector<Attempt> attempts;
  for (const auto& store : stores) attempts.push_back(verify_copy(options, context, backup, store));
  const bool believed = std::ranges::any_of(
      attempts, [](const auto& one) { return !one.not_made && one.verification.success(); });
  for (std::size_t i = 0; believed && i < attempts.size(); ++i) {
    if (attempts[i].untrusted) condemn_signature(context, backup, stores[i], attempts[i]);
  }
  look_below(options, context, attempts);
  for (auto& made : attempts) {
    const auto& verification = made.verification;
    if (made.not_made || verification.success() || !verification.about_the_copy()) continue;
    if (verification.label == backup.label)
      made.other_copy = other_copy(backup, attempts, verification.store);
  }
  return attempts;
}

std::vector<Attempt> verify_all(const VerifyOptions& options, run::Context& context,
                                const run::OpenedStores& opened,
                                const std::vector<BackupRecord>& backups) {
  std::vector<Attempt> attempts;
  for (const auto& backup : backups) {
    try {
      auto more = verify_backup(options, context, opened, backup);
      std::move(more.begin(), more.end(), std::back_inserter(attempts));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      auto attempt = begin_attempt(options, context, backup, options.store);
      attempt.verification.finished_at = attempt.verification.started_at;
      attempt.not_made = error;
      attempts.push_back(std::move(attempt));
    }
  }
  return attempts;
}

/// The page of the site, once for each store that was looked at.
void look_at_site_pages(run::Context& context, const run::OpenedStores& opened,
                        std::vector<Attempt>& attempts) {
  const auto page = backup::Layout{context.config.site}.runbook();
  for (const auto& store : opened.stores) {
    const auto looked_at = std::ranges::find_if(attempts, [&](const auto& made) {
      return !made.not_made && made.verification.store == store.name;
    });
    if (looked_at != attempts.end()) look_at_page(context, store, page, *looked_at);
  }
}

/// Whether all that failed are checks of one kind.
bool only_failed(const std::vector<Attempt>& attempts, std::string_view kind) {
  return std::ranges::all_of(attempts, [&](const auto& attempt) {
    return std::ranges::all_of(attempt.verification.checks,
                               [&](const auto& check) {
                                 return check.outcome != verify::Outcome::failed ||
                                        check.kind == kind;
                               }) &&
           (attempt.not_made || attempt.verification.total() > 0);
  });
}

std::string hint_for(const std::vector<Attempt>& attempts) {
  // The user's own.
  if (only_failed(attempts, "assertion"))
    return "all else is good: look at the data, in the live database too, and at what "
           "verify.assertions expects";
  if (only_failed(attempts, "step"))
    return "the backups are good; what the step asks for is missing on this host, or the runbook "
           "leads nowhere: try the command by hand";
  return "take a new backup with `bkp full` (`--method base` of the cluster) and keep the older "
         "good ones (`bkp hold`) until it is verified";
}

/// Of a good backup: a mark or a page beside it is damaged.
std::optional<Error> error_beside(const std::vector<Attempt>& attempts) {
  for (const auto& attempt : attempts) {
    if (attempt.damaged_beside.empty()) continue;
    return Error{
        ErrorKind::damaged,
        fmt::format("the backups are good, but on store {} {}",
                    util::quoted(attempt.verification.store), attempt.damaged_beside.front()),
        "find out what writes to the store; then remove what is damaged: `bkp hold` and "
        "`bkp verify` write marks anew, `bkp runbook` the page of the site"};
  }
  return std::nullopt;
}

/// A re-read of every copy that passed over a required store's is not what was asked for.
std::optional<Error> error_of_unread(const run::OpenedStores& opened) {
  for (const auto& failure : opened.failures) {
    if (!failure.required) continue;
    return Error{ErrorKind::partial,
                 fmt::format("what was read is good, but no copy on store {} was read: {}",
                             util::quoted(failure.name), failure.error.message()),
                 failure.error.hint()};
  }
  return std::nullopt;
}

/// Damage to backups outranks what could not be looked at, and that what lies beside them.
std::optional<Error> overall_error(const std::vector<Attempt>& attempts) {
  std::string first_failure;
  std::size_t failed = 0;
  auto hint = hint_for(attempts);
  std::optional<Error> not_made;
  for (const auto& attempt : attempts) {
    const auto& verification = attempt.verification;
    if (attempt.not_made && !not_made) {
      not_made = attempt.not_made;
      not_made->add_context("verifying " + verification.label);
    }
    if (attempt.not_made || verification.success()) continue;
    ++failed;
    if (first_failure.empty()) {
      first_failure = verification.label + ": " + verification.errors().front();
      if (!attempt.other_copy.empty()) hint = attempt.other_copy;
    }
  }
  if (failed == 0) return not_made ? not_made : error_beside(attempts);
  return Error{
      ErrorKind::damaged,
      fmt::format("{} of {} verifications failed; {}", failed, attempts.size(), first_failure),
      std::move(hint)};
}

void write_junit(const std::string& file, const std::vector<Attempt>& attempts) {
  std::vector<verify::Verification> suites;
  for (const auto& attempt : attempts) {
    auto& checks = suites.emplace_back(attempt.verification).checks;
    if (attempt.not_made)
      checks.push_back(verify::failed("run", "made", attempt.not_made->full_message()));
    for (const auto& damage : attempt.damaged_beside)
      checks.push_back(verify::failed("beside", "as it was made", damage));
  }
  util::write_file_atomically(file, verify::to_junit(suites));
}

/// An assertion whose database is misspelt would else never run, and nobody would know.
void name_idle_assertions(const VerifyOptions& options, run::Context& context,
                          const std::vector<BackupRecord>& backups) {
  const bool narrowed = !options.id.empty() || !options.database.empty() || !options.type.empty();
  if (narrowed || options.level == "checksum") return;
  for (const auto& assertion : context.config.verify.assertions) {
    const bool matched = std::ranges::any_of(
        backups, [&](const auto& backup) { return backup.database_name == assertion.database; });
    if (matched) continue;
    context.warn(
        fmt::format("assertion {} was not looked at: no backup of database {} was verified",
                    util::quoted(assertion.name), util::quoted(assertion.database)));
  }
}

cli::Report dry_run(const VerifyOptions& options, run::Context& context,
                    const std::vector<BackupRecord>& backups) {
  cli::Report report;
  report.result = {{"dry_run", true},
                   {"verifications", nlohmann::json::array()},
                   {"would_verify", nlohmann::json::array()}};
  const auto opened = open_stores_of(options, context, backups);
  for (const auto& backup : backups) {
    auto stores = backup::stores_with(context, opened, backup, options.store);
    if (options.level != "checksum") stores.resize(1);
    for (const auto& store : stores) {
      report.result["would_verify"].push_back({{"label", backup.label}, {"store", store.name}});
      report.text += fmt::format("would verify {} on store {} at level {}\n", backup.label,
                                 util::printable(store.name), options.level);
    }
  }
  if (options.level == "checksum") return report;
  for (const auto& name : verify::drop_leftovers(context, context.cluster(), true)) {
    report.text +=
        fmt::format("would drop {}, left by a verification that died\n", util::quoted(name));
  }
  return report;
}

std::string to_text(const Attempt& attempt, const std::string& level) {
  const auto& verification = attempt.verification;
  auto text = attempt.not_made ? fmt::format("{} {} could not be verified: {}\n", level,
                                             verification.label, attempt.not_made->full_message())
                               : verify::to_text(verification);
  for (const auto& damage : attempt.damaged_beside) {
    text += fmt::format("damaged on store {}: {}\n", verification.store, util::printable(damage));
  }
  return text;
}

cli::Report summarize(const VerifyOptions& options, const std::vector<Attempt>& attempts) {
  cli::Report report;
  report.result["verifications"] = nlohmann::json::array();
  report.result["damaged_beside"] = nlohmann::json::array();
  report.text_of_failures.emplace();
  for (const auto& attempt : attempts) {
    const auto& verification = attempt.verification;
    const auto text = to_text(attempt, options.level);
    report.text += text;
    if (!attempt.good()) *report.text_of_failures += text;
    if (!attempt.not_made) {
      report.result["verifications"].push_back(verify::to_json(verification, attempt.backup_id));
      report.bytes += verification.bytes_read;
    }
    for (const auto& damage : attempt.damaged_beside) {
      report.result["damaged_beside"].push_back({{"label", verification.label},
                                                 {"store", verification.store},
                                                 {"message", util::printable(damage)}});
    }
  }
  report.error = overall_error(attempts);
  return report;
}

}  // namespace

void define(CLI::App& app, VerifyOptions& options) {
  app.add_option("ID", options.id,
                 "latest, latest~2, a catalog id, a label or its beginning; without it the newest "
                 "good backup of each "
                 "database");
  app.add_option("--level", options.level,
                 "checksum: re-read; restore: restore and check; drill: against the objective too, "
                 "and by the runbook's own commands")
      ->check(CLI::IsMember({"checksum", "restore", "drill"}))
      ->type_name("LEVEL")
      ->capture_default_str();
  app.add_flag("--all", options.all, "every good backup")->excludes("ID");
  app.add_option("--junit", options.junit, "write the checks as JUnit XML too")->type_name("FILE");
  app.add_option("--store", options.store, "the copy on this store")->type_name("NAME");
  app.add_option("--db", options.database, "backups of this database only")->type_name("NAME");
  add_type_option(app, options.type, "backups of this type only");
  app.add_option("--jobs", options.jobs, "parallel jobs of the restore and the checks")
      ->check(CLI::Range(1, 64))
      ->type_name("N");
  define(app, options.keys);
}

cli::Report run(const VerifyOptions& options, run::Context& context) {
  // Not to be found out after hours of restoring.
  if (!options.store.empty()) context.open_stores({options.store});
  if (!options.junit.empty() && !context.dry_run) util::require_writable(options.junit);
  const auto backups = choose_backups(options, context);
  if (context.dry_run) return dry_run(options, context, backups);
  const run::SiteLock lock{context, run::LockName::read, run::LockMode::shared, "verify"};
  // A drill measures what a restore on the bad day would take, and that would not give way.
  if (options.level != "drill")
    util::lower_priority(context.config.limits.nice, context.config.limits.ionice);
  if (options.level != "checksum") {
    for (const auto& name : verify::drop_leftovers(context, context.cluster(), false)) {
      context.log.info("dropped {}, left by a verification that died", util::quoted(name));
    }
  }
  const auto opened = open_stores_of(options, context, backups);
  auto attempts = verify_all(options, context, opened, backups);
  look_at_site_pages(context, opened, attempts);
  name_idle_assertions(options, context, backups);
  auto report = summarize(options, attempts);
  if (!report.error && options.level == "checksum") report.error = error_of_unread(opened);
  if (options.junit.empty()) return report;
  try {
    write_junit(options.junit, attempts);
  } catch (const Error& error) {
    context.warn("the JUnit report could not be written: " + error.message());
    if (!report.error) report.error = error;
  }
  return report;
}

}  // namespace bkp::command
