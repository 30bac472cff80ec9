#include "command/schedule_setup.hpp"

#include <fmt/format.h>

#include "command/schedule_options.hpp"
#include "schedule/due.hpp"
#include "schedule/schedule_table.hpp"
#include "util/error.hpp"
#include "wal/archiver.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

namespace {

bool archives_with_bkp(const run::Context& context) {
  try {
    auto server = pg::Connection::open(context.cluster(), context.interrupt);
    const auto archiver = wal::ask_archiver(server);
    return archiver.mode != "off" && archiver.command.find("wal-push") != std::string::npos;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return false;
  }
}

/// Without a catalog, which init would make, there are none.
std::vector<schedule::Schedule> known_schedules(const run::Context& context) {
  try {
    auto catalog = context.open_catalog();
    return schedule::ScheduleTable{catalog.connection()}.all();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) throw;
    return {};
  }
}

bool needs_archive(const std::string& command) {
  return command.starts_with("incr") || command.starts_with("wal-check");
}

bool is_of_use(const std::string& command, const run::Context& context,
               std::optional<bool>& archives) {
  if (command == "notify summary") return context.config.notify.wants(config::Topic::summary);
  if (command == "assets-check") return !context.config.assets.empty();
  if (command == "status") return !context.config.notify.channels.empty();
  if (!needs_archive(command)) return true;
  if (!archives) archives = archives_with_bkp(context);
  return *archives;
}

schedule::Schedule read(const config::Schedule& wanted, const config::Config& config) {
  try {
    return schedule_of(wanted, config);
  } catch (const Error& error) {
    throw Error{ErrorKind::config,
                fmt::format("{}:{}: schedules: {}", config.file.string(), wanted.line,
                            error.full_message()),
                error.hint()};
  }
}

}  // namespace

std::vector<schedule::Schedule> enter_schedules(run::Context& context) {
  std::vector<schedule::Schedule> schedules;
  std::optional<bool> archives;
  const auto now = context.clock.now();
  for (const auto& wanted : context.config.schedules) {
    auto one = read(wanted, context.config);
    if (wanted.line == 0) one.enabled = is_of_use(one.command, context, archives);
    if (one.enabled) one.next_run_at = schedule::first_run(one, now, schedule::random_delay);
    schedules.push_back(std::move(one));
  }
  if (context.dry_run)
    return known_schedules(context).empty() ? schedules : std::vector<schedule::Schedule>{};
  auto catalog = context.open_catalog();
  pg::Transaction transaction{catalog.connection()};
  // Two that are started at once must not both find it empty.
  catalog.connection().exec("LOCK TABLE backup_schedules IN SHARE ROW EXCLUSIVE MODE");
  schedule::ScheduleTable table{catalog.connection()};
  if (!table.all().empty()) return {};
  for (auto& one : schedules) one.id = table.add(one);
  transaction.commit();
  for (const auto& one : schedules) audit_schedule(context, "add", one);
  return schedules;
}

std::vector<std::int64_t> schedules_without_archive(const run::Context& context) {
  std::vector<std::int64_t> ids;
  for (const auto& one : known_schedules(context)) {
    if (!one.enabled && needs_archive(one.command)) ids.push_back(one.id);
  }
  return ids;
}

}  // namespace bkp::command
