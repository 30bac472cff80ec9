#include <algorithm>

#include <fmt/format.h>

#include "retention/usage.hpp"
#include "status/site_status.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::status {

namespace {

std::string ago(Time then, Time now) {
  return fmt::format("{} ago", util::format_age(then, now));
}

std::string in_one_line(const std::string& text) {
  auto line = util::printable_lines(text, {});
  std::ranges::replace(line, '\n', ' ');
  return line;
}

std::string backup_command(const Kind& kind) {
  if (kind.database) return fmt::format("bkp full --db {}", util::shell_quoted(*kind.database));
  if (kind.kind == "base") return "bkp full --method base";
  if (kind.kind == "incremental") return "bkp incr";
  return "bkp check";
}

std::string verify_command(const Kind& kind) {
  return kind.good ? fmt::format("bkp verify {}", kind.good->label) : backup_command(kind);
}

Item item_of(const Kind& kind, Time now) {
  Item item{std::max(kind.level, kind.verified_level), kind.name(), {}, {}};
  item.text = kind.good ? fmt::format("last good backup {}", ago(kind.good->at, now))
                        : std::string{"no good backup"};
  if (kind.being_made) item.text += ", one is being made";
  if (kind.verified_at) {
    item.text += fmt::format(", {} verified {}",
                             kind.good && kind.verified && kind.good->label == kind.verified->label
                                 ? "which was"
                                 : "the last one",
                             ago(*kind.verified_at, now));
  } else if (kind.good) {
    item.text += ", none was ever verified";
  }
  if (item.level != Level::green)
    item.next = kind.level != Level::green ? backup_command(kind) : verify_command(kind);
  return item;
}

Item item_of(const Archive& archive) {
  Item item{archive.level, "archive of WAL", {}, {}};
  if (!archive.problem.empty()) {
    item.text = fmt::format("nothing is known of it: {}", in_one_line(archive.problem));
    item.next = "bkp wal-check";
    return item;
  }
  item.text = archive.lag ? fmt::format("{} behind", util::format_duration(*archive.lag))
                          : std::string{"nothing was ever archived"};
  if (archive.failing) item.text += ", the last attempt failed";
  if (archive.waiting && *archive.waiting > 0)
    item.text += fmt::format(", {} files wait", *archive.waiting);
  if (item.level != Level::green) item.next = "bkp wal-check --level names";
  return item;
}

Item item_of(const Store& store) {
  Item item{store.level, fmt::format("store {}", store.name), {}, {}};
  if (!store.problem.empty()) {
    item.text = in_one_line(store.problem);
    item.next = "bkp check";
    return item;
  }
  item.text = store.usage && (store.is_counted || store.usage->capacity_bytes)
                  ? retention::describe(*store.usage)
                  : std::string{"it answers"};
  if (item.level != Level::green) item.next = "bkp prune";
  item.told = true;
  return item;
}

Item item_of(const Failures& failures, Time now) {
  return {failures.level, fmt::format("bkp {}", util::printable(failures.command)),
          fmt::format("failed {} since the last success, first {}: {}",
                      failures.count == 1 ? "once" : fmt::format("{} times", failures.count),
                      ago(failures.since, now), in_one_line(failures.error)),
          fmt::format("bkp {} -v", failures.command), true};
}

Item item_of(const Assets& assets, Time now) {
  Item item{Level::green, fmt::format("assets {}", assets.name), {}, {}};
  if (!assets.counts) {
    item.level = Level::yellow;
    item.text = "never checked";
    item.next = fmt::format("bkp assets-check {}", assets.name);
    return item;
  }
  const auto& counts = *assets.counts;
  item.text = fmt::format("{} known, last checked {}", counts.known, ago(counts.checked_at, now));
  if (counts.never_read > 0) item.text += fmt::format(", {} never read", counts.never_read);
  if (!counts.fault_since) return item;
  item.level = counts.missing + counts.corrupt > 0 ? Level::red : Level::yellow;
  item.text +=
      fmt::format(", {} missing, {} corrupt, {} unreadable, the first for {}", counts.missing,
                  counts.corrupt, counts.unreadable, util::format_age(*counts.fault_since, now));
  item.next = fmt::format("bkp assets-check --share 0% {}", assets.name);
  item.told = true;
  return item;
}

/// That nobody looks any more is another thing than what was found.
void add_assets(const Assets& assets, Time now, std::vector<Item>& items) {
  items.push_back(item_of(assets, now));
  if (!assets.counts) return;
  const auto level = level_of_age(assets.counts->checked_at, now, assets.ages);
  if (level == Level::green) return;
  items.push_back({level, fmt::format("check of assets {}", assets.name),
                   fmt::format("the last one was {}", ago(assets.counts->checked_at, now)),
                   fmt::format("bkp assets-check {}", assets.name)});
}

Item item_of(const Objective& objective) {
  const auto target = util::format_duration(objective.target);
  Item item{Level::green, objective.name, {}, {}};
  if (!objective.measured_seconds) {
    item.level = Level::yellow;
    item.text = fmt::format("{} wanted, nothing measured yet", target);
    item.next = objective.name == "rto" ? "bkp verify" : "bkp full";
    return item;
  }
  item.text =
      fmt::format("{} wanted, {} measured ({}): {}", target,
                  util::format_duration(std::chrono::duration<double>{*objective.measured_seconds}),
                  objective.how, objective.met() ? "met" : "missed");
  if (!objective.met()) {
    item.level = Level::yellow;
    item.next = objective.name == "rpo" ? "bkp wal-setup" : "";
  }
  return item;
}

void add_schedules(const SiteStatus& status, std::vector<Item>& items) {
  const auto overdue = std::ranges::find_if(status.schedules, &Schedule::overdue);
  if (overdue != status.schedules.end()) {
    items.push_back(
        {Level::red, "schedules",
         fmt::format("schedule {} ({}) was due {} and nobody begins it", overdue->id,
                     util::printable(overdue->command), ago(*overdue->next_run_at, status.at)),
         "bkp schedule run-due"});
  } else if (!status.schedules.empty() && status.schedules.front().next_run_at) {
    const auto& next = status.schedules.front();
    items.push_back({Level::green,
                     "schedules",
                     fmt::format("next: {} at {}", util::printable(next.command),
                                 util::format_rfc3339(*next.next_run_at)),
                     {}});
  } else if (status.catalog_problem.empty()) {
    items.push_back({Level::yellow, "schedules", "nothing runs by itself", "bkp schedule list"});
  }
}

}  // namespace

std::string to_text(Level level) {
  switch (level) {
    case Level::green:
      return "green";
    case Level::yellow:
      return "yellow";
    case Level::red:
      break;
  }
  return "red";
}

std::string Kind::name() const {
  if (database) return fmt::format("database {}", util::printable(*database));
  return kind == "base" || kind == "incremental" ? fmt::format("{} backups", kind) : kind;
}

Level level_of_age(const std::optional<Time>& at, Time now, const config::Ages& ages) {
  if (!at || now - *at >= ages.yellow) return Level::red;
  return now - *at >= ages.green ? Level::yellow : Level::green;
}

std::vector<Item> items_of(const SiteStatus& status) {
  std::vector<Item> items;
  if (!status.catalog_problem.empty()) {
    items.push_back({Level::red, "catalog",
                     fmt::format("cannot be reached, the rest is told by the stores: {}",
                                 status.catalog_problem),
                     "bkp check"});
  }
  if (!status.server_problem.empty())
    items.push_back({Level::red, "server", in_one_line(status.server_problem), "bkp check"});
  for (const auto& kind : status.kinds) items.push_back(item_of(kind, status.at));
  if (status.kinds.empty())
    items.push_back({Level::red, "backups", "there is none of anything", "bkp full"});
  if (status.archive) items.push_back(item_of(*status.archive));
  for (const auto& store : status.stores) items.push_back(item_of(store));
  for (const auto& failures : status.failures) items.push_back(item_of(failures, status.at));
  for (const auto& assets : status.assets) add_assets(assets, status.at, items);
  add_schedules(status, items);
  for (const auto& objective : status.objectives) items.push_back(item_of(objective));
  items.push_back({status.runbook_at ? Level::green : Level::yellow, "runbook",
                   status.runbook_at ? fmt::format("made {}", ago(*status.runbook_at, status.at))
                                     : std::string{"there is none that could be read"},
                   status.runbook_at ? "" : "bkp runbook"});
  std::ranges::stable_sort(items, [](const Item& a, const Item& b) { return a.level > b.level; });
  return items;
}

Level level_of(const std::vector<Item>& items) {
  return items.empty() ? Level::green : items.front().level;
}

}  // namespace bkp::status
