#include <algorithm>

#include <fmt/format.h>

#include "check/topics.hpp"
#include "notify/channel.hpp"
#include "notify/notifier.hpp"
#include "schedule/command_words.hpp"
#include "schedule/schedule_table.hpp"
#include "util/text.hpp"

namespace bkp::check {

using util::Error;

namespace {

constexpr auto topic = "notifications";
// A channel may be away for a while.
constexpr std::chrono::hours too_long{1};

void examine_channel(const config::Channel& channel, Findings& findings) {
  const auto check = "channel " + channel.name;
  findings.attempt(check, [&] {
    notify::require_usable(channel);
    if (notify::is_open_to_listeners(channel)) {
      findings.warning(check, "there is no TLS on the way to it: what it is sent can be read there",
                       "write https: into its file; for mail, `tls: required`");
    } else {
      findings.ok(check, "can be used, as far as that shows without a message");
    }
  });
}

void examine_commands(const config::Channel& channel, const std::vector<std::string>& commands,
                      Findings& findings) {
  for (const auto& name : channel.commands) {
    if (std::ranges::find(commands, name) != commands.end()) continue;
    const auto near = util::nearest(name, commands);
    findings.warning(
        "channel " + channel.name,
        fmt::format("it is for {}, which is no command: it is told of nothing", util::quoted(name)),
        near.empty() ? "name one of `bkp help` in its `commands`"
                     : fmt::format("did you mean {}?", near));
  }
}

void examine_waiting(const run::Context& context, Findings& findings) {
  const auto now = context.clock.now();
  for (const auto& waiting : notify::outbox_of(context.config).all()) {
    if (waiting.since + too_long > now) continue;
    findings.warning(
        "channel " + waiting.channel,
        fmt::format("{} waits for it since {}: {}", util::quoted(waiting.message.title),
                    util::format_rfc3339(waiting.since), waiting.error),
        fmt::format("bkp notify test {}", waiting.channel));
    return;
  }
}

void examine_problems(const run::Context& context, Findings& findings) {
  findings.attempt(topic, [&] {
    auto open = notify::read_problems(notify::problems_file(context.config)).open;
    open.erase("check");  // whatever that was, it stands here
    if (open.empty()) return;
    findings.warning(
        topic,
        fmt::format("{} known to be wrong: {}{}",
                    open.size() == 1 ? "one thing is" : fmt::format("{} things are", open.size()),
                    open.begin()->second.worst.title, open.size() > 1 ? ", …" : ""),
        "bkp notify list");
  });
}

/// Whether a schedule of the command is there and enabled; else how to have one.
void examine_schedule(const std::vector<schedule::Schedule>& schedules, const std::string& command,
                      const std::string& expression, const std::string& lack, Findings& findings) {
  const auto words = schedule::words_of_command(command);
  const auto found = std::ranges::find_if(schedules, [&](const schedule::Schedule& one) {
    return schedule::words_of_command(one.command) == words;
  });
  if (found == schedules.end()) {
    findings.warning(topic, lack,
                     fmt::format("bkp schedule add --schedule \"{}\" {}", expression,
                                 util::shell_quoted(command)));
  } else if (!found->enabled) {
    findings.warning(topic, lack, fmt::format("bkp schedule enable {}", found->id));
  }
}

void examine_schedules_of_news(const run::Context& context, Findings& findings) {
  try {
    auto catalog = context.open_catalog();
    const auto schedules = schedule::ScheduleTable{catalog.connection()}.all();
    examine_schedule(schedules, "status", "50 * * * *",
                     "nobody is told of backups that grow too old: no schedule looks", findings);
    if (context.config.notify.wants(config::Topic::summary)) {
      examine_schedule(schedules, "notify summary", "0 7 * * *",
                       "a channel wants summaries, and no schedule sends them", findings);
    }
  } catch (const Error& error) {
    if (error.kind() == util::ErrorKind::interrupted) throw;
    // Other topics say that there is no catalog, or what is wrong with a schedule.
  }
}

}  // namespace

void examine_notifications(const run::Context& context, const std::vector<std::string>& commands,
                           Findings& findings) {
  const auto& channels = context.config.notify.channels;
  if (channels.empty()) {
    findings.warning(topic, "no channel is configured: nobody is told when a backup fails",
                     "add notify.channels to the configuration: see bkp-notify(1)");
    return;
  }
  for (const auto& channel : channels) {
    examine_channel(channel, findings);
    examine_commands(channel, commands, findings);
  }
  examine_waiting(context, findings);
  examine_problems(context, findings);
  examine_schedules_of_news(context, findings);
}

}  // namespace bkp::check
