#include "notify/notifier.hpp"

#include <sys/file.h>

#include <algorithm>

#include <fmt/format.h>

#include "notify/channel.hpp"
#include "run/state.hpp"
#include "util/files.hpp"
#include "util/host.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::notify {

using config::Channel;
using config::Severity;
using config::Topic;
using util::Error;

namespace {

constexpr auto state_kind = "notify";

bool asks_for(const Channel& channel, Topic topic) {
  return std::ranges::find(channel.on, topic) != channel.on.end();
}

bool is_about(const Channel& channel, const std::string& subject) {
  if (channel.commands.empty() || subject.empty()) return true;
  const auto command = subject.substr(0, subject.find(' '));
  return std::ranges::find(channel.commands, command) != channel.commands.end();
}

/// Locked against other processes for as long as it lives.
util::Fd lock(const std::filesystem::path& directory) {
  util::make_private_directories(directory);
  auto file = util::open_or_make(directory / "lock");
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR)
      throw Error::from_errno(util::ErrorKind::store, "cannot lock notes on problems", errno);
  }
  return file;
}

Finding finding_of(const run::Condition& condition) {
  Finding finding;
  finding.subject = condition.subject;
  finding.topic = condition.topic;
  finding.severity = condition.severity;
  finding.title = condition.title;
  finding.solved_title = condition.solved_title;
  finding.what = condition.what;
  finding.risk = condition.risk;
  finding.next = condition.next;
  return finding;
}

}  // namespace

std::filesystem::path problems_file(const config::Config& config) {
  return run::state_path(config, state_kind) / "problems.json";
}

Outbox outbox_of(const config::Config& config) {
  return Outbox{run::state_path(config, state_kind) / "outbox"};
}

bool forget(const config::Config& config, const std::string& subject) {
  const auto held = lock(run::state_directory(config, state_kind));
  auto problems = read_problems(problems_file(config));
  if (problems.open.erase(subject) == 0) return false;
  write_problems(problems_file(config), problems);
  return true;
}

Notifier::Notifier(const config::Config& config, const util::Clock& clock, util::Log& log)
    : m_config{config},
      m_clock{clock},
      m_log{log},
      m_directory{run::state_path(config, state_kind)},
      m_outbox{outbox_of(config)} {}

template <class Body>
void Notifier::guarded(std::string_view what, const Body& body) {
  if (m_config.notify.channels.empty()) return;
  try {
    body();
  } catch (...) {
    const auto error = util::current_error();
    m_log.warning("{}: {}", what, error.full_message());
  }
}

/// Changes what is known to be wrong; the message that is due for it.
template <class Change>
std::optional<Message> Notifier::change(const Change& change) {
  const auto held = lock(m_directory);
  auto problems = read_problems(problems_file(m_config));
  auto message = change(problems);
  write_problems(problems_file(m_config), problems);
  return message;
}

void Notifier::stamp(Message& message) const {
  message.site = m_config.site;
  message.host = util::printable(util::host_name());
}

void Notifier::queue_for(const Channel& channel, const Message& message) {
  m_outbox.put(channel.name, message);
  m_queued = true;
}

void Notifier::queue(Message message, Topic topic) {
  stamp(message);
  for (const auto& channel : m_config.notify.channels) {
    if (!channel.is_ping() && asks_for(channel, topic) && is_about(channel, message.subject) &&
        message.severity >= channel.severity)
      queue_for(channel, message);
  }
}

void Notifier::tell_summary(Message message) {
  guarded("nobody could be told", [&] {
    queue(std::move(message), Topic::summary);
    deliver();
  });
}

void Notifier::ping(const RunFacts& run, Kind kind, const std::string& what) {
  Message message;
  message.kind = kind;
  message.subject = run.subject;
  message.title = fmt::format("bkp {} {}", run.subject, to_text(kind));
  message.what = what;
  message.run_id = run.run_id;
  message.at = m_clock.now();
  stamp(message);
  for (const auto& channel : m_config.notify.channels) {
    const auto* const way = std::get_if<config::PingWay>(&channel.way);
    if (way == nullptr || !is_about(channel, run.subject)) continue;
    if (kind == Kind::failed && way->failure.empty()) continue;
    if (kind != Kind::started) {
      message.id = util::random_uuid();
      queue_for(channel, message);
    } else if (!way->start.empty()) {
      // That a run has begun is not worth telling later.
      guarded(fmt::format("channel {} was not told of the beginning", util::quoted(channel.name)),
              [&] { notify::deliver(channel, message, m_log); });
    }
  }
}

void Notifier::started(const RunFacts& run) {
  guarded("nobody could be told of the beginning", [&] { ping(run, Kind::started, {}); });
}

void Notifier::ended(const RunFacts& run, const std::optional<Error>& error,
                     const std::vector<run::Condition>& conditions) {
  guarded("nobody could be told of the end", [&] {
    if (run.recorded)
      ping(run, error ? Kind::failed : Kind::succeeded, error ? error->full_message() : "");
    if (error) {
      failed(run, *error);
    } else if (run.recorded || read_problems(problems_file(m_config)).open.contains(run.subject)) {
      auto message =
          change([&](Problems& problems) { return problems.solved(run.subject, m_clock.now()); });
      if (message) queue(std::move(*message), Topic::recovered);
    }
    tell_of_conditions(conditions, run.somebody_watches);
  });
  if (run.recorded) remind();
  if (m_queued || run.recorded) deliver();
}

void Notifier::tell_of_conditions(const std::vector<run::Condition>& conditions,
                                  bool somebody_watches) {
  const auto open = read_problems(problems_file(m_config)).open;
  for (const auto& condition : conditions) {
    if (condition.good ? !open.contains(condition.subject) : somebody_watches) continue;
    auto message = change([&](Problems& problems) {
      return condition.good ? problems.solved(condition.subject, m_clock.now())
                            : problems.found(finding_of(condition), m_clock.now(),
                                             m_config.notify.remind_after);
    });
    if (message) queue(std::move(*message), condition.good ? Topic::recovered : condition.topic);
  }
}

void Notifier::failed(const RunFacts& run, const Error& error) {
  if (run.somebody_watches) return;
  guarded("nobody could be told of a failure", [&] {
    auto message = change([&](Problems& problems) {
      const auto good = problems.last_good.find(run.subject);
      const auto last_good =
          good == problems.last_good.end() ? std::nullopt : std::optional{good->second};
      return problems.found(finding_of(run, error, last_good), m_clock.now(),
                            m_config.notify.remind_after);
    });
    if (message) queue(std::move(*message), Topic::failure);
  });
}

void Notifier::remind() {
  guarded("nobody could be reminded", [&] {
    std::vector<Problem> due;
    const auto now = m_clock.now();
    if (read_problems(problems_file(m_config)).to_remind(now).empty()) return;
    change([&](Problems& problems) {
      due = problems.to_remind(now);
      return std::optional<Message>{};
    });
    for (const auto& channel : m_config.notify.channels) {
      if (channel.is_ping()) continue;
      auto wanted = due;
      std::erase_if(wanted, [&](const Problem& problem) {
        return !asks_for(channel, problem.latest.topic) ||
               !is_about(channel, problem.latest.subject) ||
               problem.latest.severity < channel.severity;
      });
      if (wanted.empty()) continue;
      auto message = reminder_of(wanted, now);
      stamp(message);
      queue_for(channel, message);
    }
  });
}

void Notifier::deliver() {
  guarded("messages wait to be delivered", [&] {
    auto channels = m_config.notify.channels;
    const auto send = [&](const Channel& channel, const Message& message) {
      notify::deliver(channel, message, m_log);
    };
    m_outbox.deliver(channels, send, m_clock.now(), m_log);
    m_queued = false;
  });
}

}  // namespace bkp::notify
