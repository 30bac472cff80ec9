#include "command/commands.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/report.hpp"
#include "cli/run_main.hpp"
#include "command/assets_check.hpp"
#include "command/cat.hpp"
#include "command/catalog.hpp"
#include "command/check.hpp"
#include "command/config_diff.hpp"
#include "command/config_export.hpp"
#include "command/config_restore.hpp"
#include "command/consolidate.hpp"
#include "command/copy.hpp"
#include "command/full.hpp"
#include "command/hold.hpp"
#include "command/incr.hpp"
#include "command/init.hpp"
#include "command/key.hpp"
#include "command/list.hpp"
#include "command/notify.hpp"
#include "command/pitr_restore.hpp"
#include "command/prune.hpp"
#include "command/release.hpp"
#include "command/restore.hpp"
#include "command/runbook.hpp"
#include "command/schedule.hpp"
#include "command/show.hpp"
#include "command/status.hpp"
#include "command/unseal.hpp"
#include "command/verify.hpp"
#include "command/wal_check.hpp"
#include "command/wal_fetch.hpp"
#include "command/wal_push.hpp"
#include "command/wal_setup.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

namespace {

struct Command {
  cli::CommandInfo info;
  int (*main)(int argc, char** argv);
  std::string (*check_arguments)(const std::vector<std::string>& arguments);
};

template <class... Options>
constexpr std::array<Command, sizeof...(Options)> commands_of() {
  return {Command{Options::info, cli::run_main<Options>, cli::check_arguments<Options>}...};
}

constexpr auto commands =
    commands_of<InitOptions, CheckOptions, FullOptions, IncrOptions, ConsolidateOptions,
                ListOptions, ShowOptions, VerifyOptions, RestoreOptions, PruneOptions, HoldOptions,
                ReleaseOptions, RunbookOptions, CatalogOptions, CopyOptions, KeyOptions,
                UnsealOptions, CatOptions, WalPushOptions, WalFetchOptions, WalCheckOptions,
                WalSetupOptions, PitrRestoreOptions, ScheduleOptions, NotifyOptions, StatusOptions,
                ConfigExportOptions, ConfigDiffOptions, ConfigRestoreOptions, AssetsCheckOptions>();

}  // namespace

std::vector<cli::CommandInfo> all_commands() {
  std::vector<cli::CommandInfo> infos;
  for (const auto& command : commands) infos.push_back(command.info);
  return infos;
}

int run_command(std::string_view name, int argc, char** argv) {
  const auto* const command =
      std::ranges::find(commands, name, [](const Command& one) { return one.info.name; });
  return command->main(argc, argv);
}

std::string check_arguments(std::string_view name, const std::vector<std::string>& arguments) {
  const auto* const command =
      std::ranges::find(commands, name, [](const Command& one) { return one.info.name; });
  if (command == commands.end()) {
    std::vector<std::string> names;
    for (const auto& one : commands) names.emplace_back(one.info.name);
    const auto near = util::nearest(name, names);
    throw util::Error{
        util::ErrorKind::usage, fmt::format("bkp has no command {}", util::quoted(name)),
        near.empty() ? "`bkp help` lists the commands" : fmt::format("did you mean {}?", near)};
  }
  return command->check_arguments(arguments);
}

}  // namespace bkp::command
