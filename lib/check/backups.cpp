#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "check/topics.hpp"
#include "report/runbook_publish.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::check {

using catalog::BackupRecord;

namespace {

/// What is backed up, and what its backups are.
struct Protected {
  std::string name;            ///< for people
  std::string backup_command;  ///< a shell's line
  std::string verify_command;
  std::vector<const BackupRecord*> backups;  ///< newest first
  std::chrono::seconds oldest{0};            ///< that the newest good one may be

  template <class Predicate>
  const BackupRecord* newest(Predicate predicate) const {
    const auto found =
        std::ranges::find_if(backups, [&](const auto* backup) { return predicate(*backup); });
    return found == backups.end() ? nullptr : *found;
  }
};

template <class Predicate>
std::vector<const BackupRecord*> those(const std::vector<BackupRecord>& all, Predicate predicate) {
  std::vector<const BackupRecord*> some;
  for (const auto& backup : all) {
    if (predicate(backup)) some.push_back(&backup);
  }
  return some;
}

Protected protected_database(const std::string& database, const std::vector<BackupRecord>& all,
                             const config::Status& limits) {
  const auto choice = "--db " + util::shell_quoted(database);
  return {"database " + util::quoted(database), "bkp full " + choice, "bkp verify latest " + choice,
          those(all,
                [&](const auto& backup) {
                  return backup.backup_type == "full" && backup.database_name == database;
                }),
          limits.ages_of("dump").yellow};
}

/// Base backups are taken every week; the WAL brings the days since.
Protected protected_cluster(const std::vector<BackupRecord>& all, const config::Status& limits) {
  auto backups = those(
      all, [](const auto& backup) { return backup.method == "base" || backup.method == "pages"; });
  const auto newest = std::ranges::find_if(backups, &BackupRecord::good);
  return {"the cluster", "bkp full --method base",
          newest == backups.end() ? std::string{"bkp full --method base"}
                                  : "bkp verify " + util::shell_quoted((*newest)->label),
          std::move(backups), limits.ages_of("base").green};
}

void judge_verification(const Protected& what, Findings& findings) {
  const auto* judged =
      what.newest([](const auto& backup) { return backup.verified_at.has_value(); });
  if (judged != nullptr && !judged->verified) {
    findings.warning("verification",
                     fmt::format("the last verification of {} failed", util::quoted(judged->label)),
                     "bkp show " + util::shell_quoted(judged->label));
  }
  if (what.newest([](const auto& backup) { return backup.verified; }) == nullptr) {
    findings.warning("verification",
                     fmt::format("no backup of {} was ever restored and checked", what.name),
                     what.verify_command);
  }
}

/// Whatever else is good, what stands on a store and cannot be used is no copy.
void judge_copies(const Protected& what, Findings& findings) {
  const BackupRecord* newest = nullptr;
  const catalog::CopyRecord* copy = nullptr;
  std::size_t damaged = 0;
  for (const auto* backup : what.backups) {
    if (!backup->good()) continue;
    for (const auto& one : backup->copies) {
      if (!one.damaged()) continue;
      if (damaged++ > 0) continue;
      newest = backup;
      copy = &one;
    }
  }
  if (damaged == 0) return;
  findings.warning(
      "copies",
      fmt::format("{} of backups of {} failed the last check, the newest {} on store {}: {}",
                  damaged == 1 ? "1 copy" : fmt::format("{} copies", damaged), what.name,
                  newest->label, util::quoted(copy->store), util::printable(copy->error_message)),
      fmt::format("`bkp copy --to {}` mends what another store has a good copy of",
                  util::shell_quoted(copy->store)));
}

/// How old the newest good one is; nullopt without any.
std::optional<std::chrono::duration<double>> judge_age(const Protected& what, util::Time now,
                                                       Findings& findings) {
  const auto* newest = what.newest([](const auto& backup) { return backup.good(); });
  if (newest == nullptr) {
    findings.warning("backups", fmt::format("there is no good backup of {}", what.name),
                     what.backup_command);
    return std::nullopt;
  }
  const std::chrono::duration<double> age = now - newest->started_at;
  if (age >= what.oldest) {
    findings.warning(
        "backups",
        fmt::format("the last good backup of {} is {} old", what.name, util::format_duration(age)),
        fmt::format("see that cron runs `{}`; `bkp list --status failed` tells of failures",
                    what.backup_command));
  }
  return age;
}

std::vector<std::string> databases_of(const std::vector<BackupRecord>& backups) {
  std::set<std::string> names;
  for (const auto& backup : backups) {
    if (backup.database_name) names.insert(*backup.database_name);
  }
  return {names.begin(), names.end()};
}

/// The page that a person at 3 a.m. opens must know the newest backup.
void examine_runbook(run::Context& context, const std::vector<BackupRecord>& newest_first,
                     Findings& findings) {
  const auto newest = std::ranges::find_if(
      newest_first, [](const auto& backup) { return backup.good() && backup.completed_at; });
  if (newest == newest_first.end()) return;
  const backup::Layout layout{context.config.site};
  for (const auto& [name, required, store] : context.open_stores().stores) {
    findings.attempt("runbook", [&, &name = name, &store = store] {
      const auto reason =
          report::runbook_staleness(*store, layout, newest->label, *newest->completed_at);
      if (!reason) return;
      findings.warning("runbook",
                       fmt::format("the page on store {} {}", util::quoted(name), *reason),
                       "bkp runbook");
    });
  }
}

}  // namespace

void judge_backups(const std::vector<std::string>& databases,
                   const std::vector<BackupRecord>& newest_first, const config::Status& limits,
                   util::Time now, Findings& findings) {
  std::vector<Protected> all;
  for (const auto& database : databases)
    all.push_back(protected_database(database, newest_first, limits));
  // Whoever has never taken a base backup does without.
  if (auto cluster = protected_cluster(newest_first, limits); !cluster.backups.empty())
    all.push_back(std::move(cluster));
  std::chrono::duration<double> oldest{0};
  std::size_t good = 0;
  const auto before = findings.all().size();
  for (const auto& what : all) {
    const auto age = judge_age(what, now, findings);
    if (!age) continue;
    oldest = std::max(oldest, *age);
    ++good;
    judge_verification(what, findings);
    judge_copies(what, findings);
  }
  if (good > 0 && findings.all().size() == before) {
    findings.ok("backups", fmt::format("every database{} has a good backup, at most {} old, and a "
                                       "verified one",
                                       all.size() > databases.size() ? " and the cluster" : "",
                                       util::format_duration(oldest)));
  }
}

void judge_presence(const std::string& store, bool required,
                    const std::vector<std::string>& names_there,
                    const std::vector<BackupRecord>& backups, Findings& findings) {
  const auto expected = std::ranges::count_if(
      backups, [&](const auto& backup) { return backup.complete_copy_on(store) != nullptr; });
  if (expected == 0 || std::ranges::any_of(names_there, backup::is_label)) return;
  findings.store(
      store, required,
      {util::ErrorKind::store,
       fmt::format("it holds none of the {} backups the catalog names there", expected),
       fmt::format(
           "is it the right place, and mounted? if they are really gone, `bkp copy --to {}` "
           "brings back what another store has; without one, `bkp full`, then `bkp prune`",
           util::shell_quoted(store))});
}

namespace {

std::string count_text(std::size_t backups) {
  return fmt::format("{} backup{}", backups, backups == 1 ? "" : "s");
}

}  // namespace

void judge_missing_copies(const std::string& store, const std::vector<BackupRecord>& newest_first,
                          Findings& findings) {
  std::vector<const BackupRecord*> good;
  std::vector<const BackupRecord*> failed;
  for (const auto& backup : newest_first) {
    if (!backup.good()) continue;
    good.push_back(&backup);
    if (backup.copy_failed_on(store)) failed.push_back(&backup);
  }
  const auto copy_command = "bkp copy --to " + util::shell_quoted(store);
  if (!failed.empty()) {
    findings.warning(
        "copies",
        fmt::format("store {} has no copy of {} that {} to go there, the newest {}",
                    util::quoted(store), count_text(failed.size()),
                    failed.size() == 1 ? "was" : "were", util::printable(failed.front()->label)),
        "the next `bkp full` makes up for it; now: " + copy_command);
    return;
  }
  const bool is_new = std::ranges::all_of(
      good, [&](const auto* backup) { return backup->copy_on(store) == nullptr; });
  if (good.empty() || !is_new) return;
  findings.warning("copies",
                   fmt::format("store {} is new here, and {} elsewhere", util::quoted(store),
                               good.size() == 1 ? "a backup is" : count_text(good.size()) + " are"),
                   copy_command);
}

namespace {

void examine_presence(run::Context& context, const std::vector<BackupRecord>& backups,
                      Findings& findings) {
  const backup::Layout layout{context.config.site};
  for (const auto& [name, required, store] : backup::open_stores_of_site(context).stores) {
    findings.attempt("store " + name, [&, &name = name, required = required, &store = store] {
      judge_presence(name, required, store->names(layout.backups()), backups, findings);
    });
  }
}

}  // namespace

void judge_assertions(const std::vector<config::Assertion>& assertions,
                      const std::vector<std::string>& present,
                      const std::vector<BackupRecord>& backups, Findings& findings) {
  auto known = databases_of(backups);
  known.insert(known.end(), present.begin(), present.end());
  for (const auto& assertion : assertions) {
    if (std::ranges::find(known, assertion.database) != known.end()) continue;
    const auto near = util::nearest(assertion.database, known);
    findings.warning(
        "assertions",
        fmt::format("assertion {} is about database {}, which is neither in the cluster nor in a "
                    "backup: it never runs",
                    util::quoted(assertion.name), util::quoted(assertion.database)),
        near.empty() ? "correct its database in verify.assertions"
                     : fmt::format("correct its database in verify.assertions: is it {}?",
                                   util::quoted(near)));
  }
}

void examine_backups(run::Context& context, const std::optional<ServerFacts>& server,
                     Findings& findings) {
  std::vector<BackupRecord> backups;
  try {
    backups = backup::list_backups(context, {});
  } catch (const util::Error& error) {
    if (error.kind() == util::ErrorKind::interrupted) throw;
    // Catalog and stores have findings of their own.
    findings.warning("backups", "neither the catalog nor a store can list the backups",
                     "repair one of them first");
    return;
  }
  examine_presence(context, backups, findings);
  for (const auto& store : context.config.stores)
    judge_missing_copies(store.name, backups, findings);
  examine_runbook(context, backups, findings);
  const bool known = server && !server->databases.empty();
  judge_backups(known ? server->databases : databases_of(backups), backups, context.config.status,
                context.clock.now(), findings);
  // Without the server any name may be a database's.
  if (server) {
    judge_assertions(context.config.verify.assertions, server->present, backups, findings);
  }
}

}  // namespace bkp::check
