#include <algorithm>

#include <fmt/format.h>

#include "check/topics.hpp"
#include "notify/channel.hpp"
#include "notify/http.hpp"
#include "notify/notifier.hpp"
#include "schedule/command_words.hpp"
#include "schedule/schedule_table.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

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
    for (const auto& [subject, problem] :
         notify::read_problems(notify::problems_file(context.config)).open) {
      findings.warning(topic,
                       fmt::format("{} since {}: {}", problem.latest.title,
                                   util::format_rfc3339(problem.since), problem.latest.what),
                       problem.latest.next);
    }
  });
}

bool sends_summaries(const schedule::Schedule& one) {
  return one.enabled && schedule::words_of_command(one.command).front() == "notify";
}

void examine_summaries(const run::Context& context, Findings& findings) {
  if (!context.config.notify.wants(config::Topic::summary)) return;
  try {
    auto catalog = context.open_catalog();
    const auto schedules = schedule::ScheduleTable{catalog.connection()}.all();
    if (std::ranges::any_of(schedules, sends_summaries)) return;
  } catch (const Error& error) {
    if (error.kind() == util::ErrorKind::interrupted) throw;
    return;  // other topics say that there is no catalog, or what is wrong with a schedule
  }
  findings.warning(topic, "a channel wants summaries, and no schedule sends them",
                   "bkp schedule add --schedule \"0 7 * * *\" \"notify summary\"");
}

}  // namespace

void examine_notifications(const run::Context& context, Findings& findings) {
  const auto& channels = context.config.notify.channels;
  if (channels.empty()) {
    findings.warning(topic, "no channel is configured: nobody is told when a backup fails",
                     "add notify.channels to the configuration: see bkp-notify(1)");
    return;
  }
  for (const auto& channel : channels) examine_channel(channel, findings);
  examine_waiting(context, findings);
  examine_problems(context, findings);
  examine_summaries(context, findings);
}

}  // namespace bkp::check
