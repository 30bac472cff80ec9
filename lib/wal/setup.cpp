#include "wal/setup.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "backup/site_file.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "wal/inventory.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::milliseconds archiver_look{100};
constexpr std::chrono::seconds reload_patience{10};

struct Setting {
  std::string value;
  bool needs_restart = false;
};

std::optional<Setting> setting(pg::Connection& server, const std::string& name) {
  const auto row = server.exec(
      "select setting, context = 'postmaster' from pg_catalog.pg_settings where name = $1", {name});
  if (row.rows() == 0) return std::nullopt;
  return Setting{std::string{row.text(0, 0)}, row.boolean(0, 1)};
}

/// For ALTER SYSTEM what archive_command has of "%" is its own.
std::string shell_word(const std::filesystem::path& path) {
  std::string text = util::shell_quoted(path.string());
  for (std::size_t at = 0; (at = text.find('%', at)) != text.npos; at += 2) text.insert(at, "%");
  return text;
}

std::vector<const run::NamedStore*> required_of(const run::OpenedStores& opened) {
  std::vector<const run::NamedStore*> stores;
  for (const auto& named : opened.stores) {
    if (named.required) stores.push_back(&named);
  }
  // As for wal-push, which then counts on the first.
  if (stores.empty()) stores.push_back(&opened.stores.front());
  return stores;
}

Error not_archived(const std::string& name, const std::string& why) {
  return {
      ErrorKind::partial, fmt::format("{} was not archived: {}", name, why),
      "the server's log has what wal-push said. The server runs it as its own user, who must be "
      "able to read the configuration and to write the stores and catalog.spool_directory: let "
      "them belong to that user, and run bkp as him"};
}

}  // namespace

std::string archive_command(const std::filesystem::path& program,
                            const std::filesystem::path& config) {
  return fmt::format("{} wal-push --config {} %p", shell_word(program), shell_word(config));
}

std::string restore_command(const std::filesystem::path& program,
                            const std::filesystem::path& config,
                            const std::vector<std::filesystem::path>& identity_files,
                            const std::string& until) {
  std::string options;
  for (const auto& file : identity_files)
    options += " --identity " + shell_word(std::filesystem::absolute(file));
  if (!until.empty()) options += " --until " + until;
  return fmt::format("{} wal-fetch --config {}{} %f %p", shell_word(program), shell_word(config),
                     options);
}

std::filesystem::path installed_program() {
  return util::executable_directory().parent_path().parent_path() / "bin" / "bkp";
}

std::vector<SettingChange> plan_archiving(pg::Connection& server, const std::string& command,
                                          std::chrono::seconds timeout) {
  std::vector<SettingChange> changes;
  const auto want = [&](const std::string& name, const std::string& value, auto good) {
    const auto now = setting(server, name);
    if (now && !good(now->value))
      changes.push_back({name, now->value, value, now->needs_restart, false});
  };
  const auto is = [](const std::string& wanted) {
    return [wanted](const std::string& value) { return value == wanted; };
  };
  want("wal_level", "replica", [](const auto& value) { return value != "minimal"; });
  want("archive_mode", "on", [](const auto& value) { return value != "off"; });
  // PostgreSQL 15 and newer; with both it is the library that archives, or an error.
  want("archive_library", "", is(""));
  want("archive_command", command, is(command));
  const auto seconds = std::to_string(timeout.count());
  want("archive_timeout", seconds, is(seconds));
  // What a recovery left: a later one, or a standby, would obey it.
  const auto left = server.exec(
      "select name, setting from pg_catalog.pg_settings where sourcefile like "
      "'%postgresql.auto.conf' and (name like 'recovery\\_target%' or name = 'restore_command')");
  for (int row = 0; row < left.rows(); ++row) {
    changes.push_back(
        {std::string{left.text(row, 0)}, std::string{left.text(row, 1)}, {}, false, true});
  }
  return changes;
}

void apply(pg::Connection& server, const std::vector<SettingChange>& changes,
           const util::Clock& clock) {
  const std::string before{server.exec("select pg_catalog.pg_conf_load_time()").single()};
  for (const auto& change : changes) {
    const auto name = server.identifier(change.name);
    server.exec(change.reset
                    ? fmt::format("alter system reset {}", name)
                    : fmt::format("alter system set {} = {}", name, server.literal(change.to)));
  }
  server.exec("select pg_catalog.pg_reload_conf()");
  // The server hears of it first and then tells its sessions, each before its next statement.
  const auto deadline = clock.steady() + reload_patience;
  while (server.exec("select pg_catalog.pg_conf_load_time()").single() == before &&
         clock.steady() < deadline) {
    clock.sleep_for(archiver_look);
  }
}

std::vector<std::string> waiting_for_restart(pg::Connection& server) {
  const auto rows =
      server.exec("select name from pg_catalog.pg_settings where pending_restart order by name");
  std::vector<std::string> names;
  for (int row = 0; row < rows.rows(); ++row) names.emplace_back(rows.text(row, 0));
  return names;
}

std::string prove_archiving(run::Context& context, pg::Connection& server,
                            std::chrono::seconds patience) {
  const auto opened = backup::open_stores_of_site(context);
  for (const auto& failure : opened.failures) {
    if (failure.required) throw Error{failure.error};
  }
  if (opened.stores.empty()) throw Error{opened.failures.front().error};
  const auto stores = required_of(opened);
  const auto before = ask_archiver(server);
  // Where nothing was written since the last switch there is nothing to end.
  server.exec("select pg_catalog.pg_logical_emit_message(false, 'bkp', 'wal-setup')");
  std::string name{
      server.exec("select pg_catalog.pg_walfile_name(pg_catalog.pg_switch_wal())").single()};
  context.log.info("waiting for {} to be archived", name);
  const auto deadline = context.clock.steady() + patience;
  for (;;) {
    const auto now = ask_archiver(server);
    const bool everywhere = std::ranges::all_of(stores, [&](const auto* store) {
      return find_archived(*store->store, context.config.site, name).has_value();
    });
    if (everywhere && now.last_archived >= name) return name;
    if (now.failed_count > before.failed_count && now.failing())
      throw not_archived(name, fmt::format("the server failed to archive {}", now.last_failed));
    if (context.clock.steady() >= deadline) {
      throw not_archived(name, fmt::format("nothing came in {}", util::format_duration(patience)));
    }
    context.interrupt.check();
    context.clock.sleep_for(archiver_look);
  }
}

}  // namespace bkp::wal
