#include "command/backup_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "retention/plan.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

namespace status = catalog::status;

std::string verification_text(const catalog::BackupRecord& backup, util::Time now) {
  if (!backup.verified_at) return backup.verified ? "verified" : "not verified";
  return fmt::format("{} {}", backup.verified ? "verified" : "verification failed",
                     age_text(*backup.verified_at, now));
}

std::string state_text(const catalog::BackupRecord& backup, util::Time now) {
  auto text = backup.status;
  if (backup.status == status::completed) text = verification_text(backup, now);
  if (backup.status == status::partial) text += ", " + verification_text(backup, now);
  if (retention::is_held(backup.held_until, now)) text += ", held";
  return text;
}

std::string age_text(util::Time then, util::Time now) {
  const auto whole = [](auto duration) {
    return util::format_duration(std::chrono::floor<std::chrono::seconds>(duration));
  };
  if (std::chrono::abs(now - then) < std::chrono::seconds{1}) return "now";
  return then <= now ? whole(now - then) + " ago" : "in " + whole(then - now);
}

std::string size_text(std::int64_t bytes) {
  return util::format_size(util::byte_count(bytes));
}

std::string stores_text(const catalog::BackupRecord& backup) {
  std::string text;
  for (const auto& copy : backup.copies) {
    if (copy.state != status::completed) continue;
    text += (text.empty() ? "" : ", ") + copy.store + (copy.damaged() ? " (damaged)" : "");
  }
  return text.empty() ? "-" : text;
}

std::string copied_text(const backup::BroughtCopy& copy) {
  if (copy.mended) {
    return fmt::format(
        "mended {} on store {} from store {}: {}\n", util::printable(copy.label), copy.to,
        copy.from,
        copy.replaced.empty()
            ? fmt::format("nothing, its bytes are what was stored; `bkp verify {} "
                          "--level checksum --store {}` looks into them",
                          util::shell_quoted(copy.label), util::shell_quoted(copy.to))
            : fmt::format("replaced {}", fmt::join(copy.replaced, ", ")));
  }
  return fmt::format("copied {} from store {} to store {}, {}\n", util::printable(copy.label),
                     copy.from, copy.to, util::format_size(copy.bytes));
}

}  // namespace bkp::command
