#include "command/verify.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "command/choice.hpp"
#include "recover/source.hpp"
#include "run/lock.hpp"
#include "util/files.hpp"
#include "util/priority.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "verify/checksum.hpp"
#include "verify/junit.hpp"
#include "verify/restore_check.hpp"
#include "verify/scratch_database.hpp"

namespace bkp::command {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;
using verify::Verification;

namespace {

/// A verification that could not be made says nothing about the backup.
struct Attempt {
  Verification verification;
  std::optional<std::int64_t> backup_id;
  std::optional<Error> not_made;
  std::string other_copy = {};  ///< of a damaged copy: where a better one is, a sentence
};

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

Verification begin(const VerifyOptions& options, const run::Context& context,
                   const BackupRecord& backup, const std::string& store) {
  Verification verification;
  verification.label = backup.label;
  verification.database = backup.database_name.value_or("");
  verification.level = options.level;
  verification.store = store;
  verification.started_at = context.clock.now();
  if (options.level == "drill") verification.objective = context.config.objectives.rto;
  return verification;
}

void look(const VerifyOptions& options, run::Context& context, const recover::Source& source,
          Verification& verification) {
  verification.checks = verify::check_manifest(source.manifest());
  if (options.level == "checksum") {
    auto parts = verify::check_parts(context, source, verification.bytes_read);
    std::move(parts.begin(), parts.end(), std::back_inserter(verification.checks));
    if (source.manifest().fingerprint) verification.fingerprint = "full";
    return;
  }
  const int jobs = options.jobs > 0 ? options.jobs : context.config.verify.jobs;
  verify::verify_restore(context, source, jobs, verification);
}

/// Beside the backup, so that the store alone tells later. A re-read proves no restore; it leaves a
/// mark where there is something to take back (`doubted`: the marks say that this copy is damaged).
void leave_mark(run::Context& context, const run::NamedStore& store, bool doubted,
                const Verification& verification) {
  const bool re_read = verification.level == "checksum";
  if (verification.success() && re_read && !doubted) return;
  const backup::Layout layout{context.config.site};
  nlohmann::json details{{"level", verification.level}};
  if (!verification.success()) {
    details["scope"] = verification.about_the_copy() ? "copy" : "backup";
    details["error"] = verification.errors().front();
  }
  const auto* kind = !verification.success() ? "failed" : re_read ? "intact" : "verified";
  try {
    // Without a manifest there is no backup here to stand beside.
    if (!store.store->stat(layout.manifest(verification.label))) return;
    backup::write_mark(*store.store, layout, verification.label, kind, verification.finished_at,
                       details);
  } catch (const Error& error) {
    context.warn(fmt::format("the result could not be noted on store {}: {}",
                             util::quoted(store.name), error.message()));
  }
}

void record(run::Context& context, const Verification& verification) {
  context.recorder.save_verification(verify::to_record(verification));
  catalog::AuditRecord audit;
  audit.action = "verify";
  audit.subject = verification.label;
  audit.details = {{"level", verification.level},
                   {"store", verification.store},
                   {"success", verification.success()}};
  audit.at = verification.finished_at;
  context.recorder.audit(audit);
}

Attempt attempt(const VerifyOptions& options, run::Context& context, const BackupRecord& backup,
                const run::NamedStore& store) {
  Attempt result{begin(options, context, backup, store.name), std::nullopt, std::nullopt};
  if (backup.id != 0) result.backup_id = backup.id;
  auto& verification = result.verification;
  const backup::Layout layout{context.config.site};
  std::optional<recover::Source> source;
  try {
    // What is missing from an empty mount point is not lost.
    backup::require_site_file(*store.store, layout, "");
    source = recover::open_source(store, layout, backup);
    look(options, context, *source, verification);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    if (error.kind() == ErrorKind::damaged) {
      verification.checks.push_back(verify::failed("manifest", backup.label, error.full_message()));
    } else {
      result.not_made = error;
    }
  }
  verification.finished_at = context.clock.now();
  if (result.not_made) return result;
  record(context, verification);
  leave_mark(context, store, source && !source->backup.marks.copy_error.empty(), verification);
  if (!verification.objective_met()) {
    context.warn(fmt::format("the restore took {}, the objective is {} (objectives.rto)",
                             util::format_duration(util::Duration{verification.restore_seconds}),
                             util::format_duration(*verification.objective)));
  }
  return result;
}

/// Where a copy is that stands in for the damaged one on `damaged`; empty when none is known.
std::string other_copy(const BackupRecord& backup, const std::vector<Attempt>& attempts,
                       const std::string& damaged) {
  const auto text = [&](const std::string& store, std::string_view what) {
    return fmt::format("{} on store {}: `bkp restore {} --db {} --store {}` uses it", what,
                       util::quoted(store), util::shell_quoted(backup.label),
                       util::shell_quoted(backup.database_name.value_or("")),
                       util::shell_quoted(store));
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

/// Re-reading concerns every copy, a test restore one.
std::vector<Attempt> verify_backup(const VerifyOptions& options, run::Context& context,
                                   const BackupRecord& backup) {
  if (backup.method != "dump") {
    throw Error{ErrorKind::refused,
                fmt::format("{} is a backup by method {}; this version verifies dumps",
                            util::quoted(backup.label), backup.method),
                "narrow with --type full"};
  }
  auto stores = recover::stores_with(context, backup, options.store);
  if (options.level != "checksum") stores.resize(1);
  std::vector<Attempt> attempts;
  for (const auto& store : stores) attempts.push_back(attempt(options, context, backup, store));
  for (auto& made : attempts) {
    const auto& verification = made.verification;
    if (made.not_made || verification.success() || !verification.about_the_copy()) continue;
    made.other_copy = other_copy(backup, attempts, verification.store);
  }
  return attempts;
}

std::vector<Attempt> verify_all(const VerifyOptions& options, run::Context& context,
                                const std::vector<BackupRecord>& backups) {
  std::vector<Attempt> attempts;
  for (const auto& backup : backups) {
    try {
      auto more = verify_backup(options, context, backup);
      std::move(more.begin(), more.end(), std::back_inserter(attempts));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      auto verification = begin(options, context, backup, options.store);
      verification.finished_at = verification.started_at;
      attempts.push_back({std::move(verification), std::nullopt, error});
    }
  }
  return attempts;
}

/// Whether all that failed are the user's own assertions.
bool only_assertions_failed(const std::vector<Attempt>& attempts) {
  return std::ranges::all_of(attempts, [](const auto& attempt) {
    return std::ranges::all_of(attempt.verification.checks,
                               [](const auto& check) {
                                 return check.outcome != verify::Outcome::failed ||
                                        check.kind == "assertion";
                               }) &&
           (attempt.not_made || attempt.verification.total() > 0);
  });
}

/// Damage outranks what could not be looked at.
std::optional<Error> overall_error(const std::vector<Attempt>& attempts) {
  std::string first_failure;
  std::size_t failed = 0;
  std::string hint =
      only_assertions_failed(attempts)
          ? "all else is good: look at the data, in the live database too, and at what "
            "verify.assertions expects"
          : "take a new backup with `bkp full` and keep the older good ones (`bkp hold`) until it "
            "is verified";
  std::optional<Error> not_made;
  for (const auto& [verification, backup_id, error, other_copy] : attempts) {
    if (error && !not_made) {
      not_made = error;
      not_made->add_context("verifying " + verification.label);
    }
    if (error || verification.success()) continue;
    ++failed;
    if (first_failure.empty()) {
      first_failure = verification.label + ": " + verification.errors().front();
      if (!other_copy.empty()) {
        hint = fmt::format(
            "{}; put its files in place of those on store {}, then `bkp verify {} "
            "--level checksum` takes this back",
            other_copy, util::quoted(verification.store), util::shell_quoted(verification.label));
      }
    }
  }
  if (failed == 0) return not_made;
  return Error{
      ErrorKind::damaged,
      fmt::format("{} of {} verifications failed; {}", failed, attempts.size(), first_failure),
      std::move(hint)};
}

void write_junit(const std::string& file, const std::vector<Attempt>& attempts) {
  std::vector<Verification> suites;
  for (const auto& [verification, backup_id, not_made, other_copy] : attempts) {
    auto& suite = suites.emplace_back(verification);
    if (not_made) suite.checks.push_back(verify::failed("run", "made", not_made->full_message()));
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
  for (const auto& backup : backups) {
    auto stores = recover::stores_with(context, backup, options.store);
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

cli::Report summarize(const VerifyOptions& options, const std::vector<Attempt>& attempts) {
  cli::Report report;
  report.result["verifications"] = nlohmann::json::array();
  for (const auto& [verification, backup_id, not_made, other_copy] : attempts) {
    if (not_made) {
      report.text += fmt::format("{} {} could not be verified: {}\n", options.level,
                                 verification.label, not_made->full_message());
      continue;
    }
    report.result["verifications"].push_back(verify::to_json(verification, backup_id));
    report.text += verify::to_text(verification);
    report.bytes += verification.bytes_read;
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
                 "checksum: re-read; restore: restore and check; drill: also against the objective")
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
  const auto attempts = verify_all(options, context, backups);
  name_idle_assertions(options, context, backups);
  auto report = summarize(options, attempts);
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
