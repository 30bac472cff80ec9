#include "backup/full_item.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "backup/copying.hpp"
#include "backup/repository.hpp"
#include "run/keys.hpp"
#include "util/advice.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace status = catalog::status;

namespace {

void warn_of_missing(run::Context& context, const std::string& store, const BackupRecord& record,
                     const Error& error) {
  context.warn(fmt::format("store {} got no copy of {}: {}", util::quoted(store), record.label,
                           util::with_hint(error)));
}

void complete_copy(BackupRecord& record, const Target& target, const Outcome& outcome) {
  const auto copy = std::ranges::find(record.copies, target.name, &catalog::CopyRecord::store);
  if (outcome.error || target.failure) {
    copy->state = status::failed;
    copy->error_message =
        target.failure ? target.failure->full_message() : outcome.error->full_message();
    return;
  }
  copy->state = status::completed;
  copy->size_bytes = static_cast<std::int64_t>(outcome.manifest->size_bytes());
  copy->checksum_sha256 = outcome.manifest_sha256;
  copy->completed_at = record.completed_at;
}

void judge_copies(run::Context& context, FullItem& item, const Outcome& outcome,
                  const std::vector<run::StoreFailure>& all_closed) {
  std::vector<std::string> missing;
  for (const auto& target : outcome.targets) {
    if (!target.failure) continue;
    if (target.left_behind) {
      context.log.info("store {} was too slow for the dump of {}, and left behind",
                       util::quoted(target.name), item.record.label);
      item.left_behind.push_back(target.name);
    } else {
      warn_of_missing(context, target.name, item.record, *target.failure);
    }
    if (target.required) missing.push_back(target.name);
  }
  for (const auto& closed : all_closed) {
    if (closed.required) missing.push_back(closed.name);
  }
  item.record.status = missing.empty() ? status::completed : status::partial;
  if (missing.empty()) return;
  item.error =
      Error{ErrorKind::partial, fmt::format("the copy on {} is missing", fmt::join(missing, ", ")),
            "the other copies are good; mend the store, the next run brings it there"};
  item.record.error_message = item.error->message();
}

/// The backup is what the server has, so it stays; but somebody must look.
std::optional<Error> error_of_bad_pages(const Manifest& manifest) {
  if (!manifest.physical || manifest.physical->bad_pages.empty()) return std::nullopt;
  const auto& pages = manifest.physical->bad_pages;
  return Error{ErrorKind::damaged,
               fmt::format("the cluster itself has {} damaged page{}; the first: block {} of {}",
                           pages.size(), pages.size() == 1 ? "" : "s", pages.front().block,
                           util::quoted(pages.front().file)),
               "the backup was taken, and has them too. Find out which table it is "
               "(pg_filenode_relation), keep the older backups (`bkp hold`), and restore what is "
               "damaged from one of them"};
}

}  // namespace

std::optional<Error> error_of_failed_sections(const ExportProperties& config) {
  if (config.failed.empty()) return std::nullopt;
  return Error{
      ErrorKind::partial,
      fmt::format("{} of {} sections of the configuration could not be exported\n{}",
                  config.failed.size(), config.failed.size() + config.sections.size(),
                  util::printable_lines(fmt::format("{}", fmt::join(config.failed, "\n")))),
      "the other sections are exported; mend these, or take them out of "
      "`config_export.sections`"};
}

void complete(run::Context& context, FullItem& item, const Outcome& outcome,
              const std::vector<run::StoreFailure>& closed) {
  BackupRecord& record = item.record;
  record.completed_at = context.clock.now();
  if (outcome.manifest) {
    // The catalog says what the store says: rebuilt from there, a row is the same again.
    record.started_at = outcome.manifest->started_at;
    record.completed_at = outcome.manifest->completed_at;
  }
  for (const auto& warning : outcome.warnings) {
    context.warn(record.database_name
                     ? fmt::format("database {}: {}", util::quoted(*record.database_name), warning)
                     : fmt::format("{}: {}", record.label, warning));
  }
  for (const auto& target : outcome.targets) complete_copy(record, target, outcome);
  if (outcome.error) {
    record.status =
        outcome.error->kind() == ErrorKind::interrupted ? status::cancelled : status::failed;
    record.error_message = outcome.error->full_message();
    item.error = outcome.error;
    return;
  }
  record.size_bytes = static_cast<std::int64_t>(outcome.manifest->size_bytes());
  record.original_bytes = static_cast<std::int64_t>(outcome.manifest->original_bytes());
  record.checksum_md5 = outcome.manifest_md5;
  record.checksum_sha256 = outcome.manifest_sha256;
  note_properties(record, *outcome.manifest);
  judge_copies(context, item, outcome, closed);
  item.flaw = outcome.manifest->config ? error_of_failed_sections(*outcome.manifest->config)
                                       : error_of_bad_pages(*outcome.manifest);
  if (!item.error) item.error = item.flaw;
  if (item.error && record.error_message.empty()) record.error_message = item.error->message();
}

void catch_up(run::Context& context, const Layout& layout, FullItem& item,
              const std::vector<run::NamedStore>& stores, std::set<std::string>& failed,
              std::vector<BroughtCopy>& brought) {
  if (!item.record.good()) return;
  for (const auto& name : item.left_behind) {
    try {
      context.interrupt.check();
      if (failed.contains(name)) throw Error{ErrorKind::store, "it failed a moment ago"};
      const auto& to = *std::ranges::find(stores, name, &run::NamedStore::name);
      brought.push_back(
          bring_copy(context, layout, item.record, stores, to, run::reading_keys(context.config)));
      context.log.info("store {} got its copy of {}", util::quoted(name), item.record.label);
    } catch (const TargetError& error) {
      failed.insert(name);
      warn_of_missing(context, name, item.record, error);
    } catch (const Error& error) {
      warn_of_missing(context, name, item.record, error);
      if (error.kind() != ErrorKind::interrupted) continue;
      item.error = error;
      return;
    }
  }
  const bool was_partial = item.error && item.error->kind() == ErrorKind::partial;
  if (!item.left_behind.empty() && item.record.status == status::completed && was_partial)
    item.error = std::exchange(item.flaw, std::nullopt);
}

}  // namespace bkp::backup
