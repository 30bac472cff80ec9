#include <algorithm>

#include <fmt/format.h>

#include "backup/full_backup.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

std::uint64_t FullResult::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& item : items) sum += static_cast<std::uint64_t>(item.record.size_bytes);
  return sum;
}

namespace {

std::string what_it_is(const catalog::BackupRecord& record) {
  if (record.database_name) return util::quoted(*record.database_name);
  return record.backup_type == "config" ? "the configuration" : "the cluster";
}

std::optional<Error> error_of_missing(const std::vector<std::string>& missing) {
  if (missing.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& name : missing) names.push_back(util::quoted(name));
  return Error{ErrorKind::partial,
               fmt::format("{} {} to be backed up and not there; all others are backed up",
                           fmt::join(names, ", "), names.size() == 1 ? "is" : "are"),
               "correct `databases` in the configuration; `psql -l` lists what there is"};
}

}  // namespace

std::optional<Error> FullResult::error() const {
  std::vector<const FullItem*> failed;
  bool any_good = false;
  for (const auto& item : items) {
    if (item.error) failed.push_back(&item);
    any_good = any_good || item.record.good();
  }
  if (interrupted) return interrupted;
  if (failed.empty()) return error_of_missing(missing);
  for (const auto* item : failed) {
    if (item->error->kind() == ErrorKind::interrupted) return item->error;
  }
  if (failed.size() == 1 && items.size() == 1 && missing.empty()) return failed.front()->error;
  std::string names;
  for (const auto* item : failed) {
    names += fmt::format("{}{}: {}", names.empty() ? "" : "\n", what_it_is(item->record),
                         item->error->message());
  }
  const auto& first = *failed.front()->error;
  const bool all_databases = std::ranges::all_of(
      items, [](const auto& item) { return item.record.database_name.has_value(); });
  if (const auto also = error_of_missing(missing)) names += "\n" + also->message();
  const bool damage = std::ranges::any_of(
      failed, [](const auto* item) { return item->error->kind() == ErrorKind::damaged; });
  return Error{damage     ? ErrorKind::damaged
               : any_good ? ErrorKind::partial
                          : first.kind(),
               fmt::format("{} of {} {} are not backed up completely\n{}", failed.size(),
                           items.size(), all_databases ? "databases" : "backups", names),
               first.hint()};
}

}  // namespace bkp::backup
