#include "notify/notifier.hpp"

#include <sys/file.h>

#include <algorithm>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "notify/channel.hpp"
#include "notify/last_good.hpp"
#include "run/state.hpp"
#include "util/files.hpp"
#include "util/host.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::notify {

using config::Channel;
using config::Topic;
using util::Error;
using util::ErrorKind;

namespace {

constexpr auto state_kind = "notify";
// Others hold the lock for a moment; one that was stopped must not stop all.
constexpr std::chrono::seconds lock_patience{10};
constexpr std::chrono::milliseconds lock_retry{20};

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
  const auto deadline = std::chrono::steady_clock::now() + lock_patience;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw Error{ErrorKind::locked, "another process holds the notes on problems for too long"};
    std::this_thread::sleep_for(lock_retry);
  }
  return file;
}

std::filesystem::path last_good_file(const config::Config& config) {
  return run::state_path(config, state_kind) / "last_good.json";
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

/// Whatever it was made of, it can be shown.
void make_printable(Message& message) {
  for (auto* const line : {&message.subject, &message.title}) *line = util::printable(*line);
  for (auto* const lines : {&message.what, &message.risk, &message.next})
    *lines = util::printable_lines(*lines);
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

/// Without the lock, whose holders replace the file in one step; with it where something is wrong.
Problems Notifier::peek() {
  try {
    return read_problems(problems_file(m_config));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    const auto held = lock(m_directory);
    return read_or_set_aside();
  }
}

/// With the lock held. A file that cannot be read would keep everybody from hearing anything.
Problems Notifier::read_or_set_aside() {
  const auto file = problems_file(m_config);
  try {
    return read_problems(file);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    m_log.warning("{}; it is set aside", error.full_message());
    std::error_code unknown;
    std::filesystem::rename(file, file.string() + ".bad", unknown);
    return {};
  }
}

/// Changes what is known to be wrong, and puts the message that is due for it where it waits,
/// before it is noted as told: a kill in between tells twice, not never.
template <class Change>
void Notifier::change(Topic topic, const Change& change) {
  std::optional<Message> message;
  try {
    const auto held = lock(m_directory);
    auto problems = read_or_set_aside();
    message = change(problems);
    if (message) queue(*message, topic);
    write_problems(problems_file(m_config), problems);
  } catch (const Error& error) {
    m_log.warning("what is wrong cannot be noted: {}", error.full_message());
    if (message) return;
    Problems none;
    message = change(none);
    if (message) queue(*message, topic);
  }
}

/// To be delivered, or, where that cannot be noted, delivered now.
void Notifier::queue_for(const Channel& channel, Message message) {
  message.site = m_config.site;
  message.host = util::printable(util::host_name());
  make_printable(message);
  try {
    m_outbox.put(channel.name, message);
    m_queued = true;
  } catch (const Error& error) {
    m_log.warning("a message cannot wait for channel {}, and is sent at once: {}",
                  util::quoted(channel.name), error.full_message());
    guarded(fmt::format("channel {} was not told", util::quoted(channel.name)),
            [&] { notify::deliver(channel, message, m_log); });
  }
}

void Notifier::queue(const Message& message, Topic topic) {
  for (const auto& channel : m_config.notify.channels) {
    if (!channel.is_ping() && asks_for(channel, topic) && is_about(channel, message.subject) &&
        message.severity >= channel.severity)
      queue_for(channel, message);
  }
}

void Notifier::tell_summary(const Message& message) {
  guarded("nobody could be told", [&] { queue(message, Topic::summary); });
  deliver();
}

void Notifier::ping(const RunFacts& run, Kind kind, const std::string& what) {
  Message message;
  message.id = util::random_uuid();
  message.kind = kind;
  message.subject = run.subject;
  message.title = fmt::format("bkp {} {}", run.subject, to_text(kind));
  message.what = what;
  message.run_id = run.run_id;
  message.at = m_clock.now();
  for (const auto& channel : m_config.notify.channels) {
    const auto* const way = std::get_if<config::PingWay>(&channel.way);
    if (way == nullptr || !is_about(channel, run.subject)) continue;
    if (kind == Kind::failed && way->failure.empty()) continue;
    if (kind == Kind::started && way->start.empty()) continue;
    if (kind != Kind::started) {
      m_outbox.clear(channel.name);
      queue_for(channel, message);
      continue;
    }
    // That a run has begun is not worth telling later.
    guarded(fmt::format("channel {} was not told of the beginning", util::quoted(channel.name)),
            [&] {
              make_printable(message);
              notify::deliver(channel, message, m_log);
            });
  }
}

void Notifier::started(const RunFacts& run) {
  if (!run.is_sign_of_life) return;
  guarded("nobody could be told of the beginning", [&] { ping(run, Kind::started, {}); });
}

void Notifier::ended(const RunFacts& run, const std::optional<Error>& error,
                     const run::Conditions& conditions) {
  if (run.is_sign_of_life) {
    guarded("the end could not be told", [&] {
      ping(run, error ? Kind::failed : Kind::succeeded, error ? error->full_message() : "");
    });
  }
  if (error) {
    failed(run, *error);
  } else {
    succeeded(run.subject);
    if (run.recorded) guarded("nobody could be told of a success", [&] { tell_of_success(run); });
  }
  if (!conditions.all.empty()) {
    guarded("what the run noticed could not be told",
            [&] { tell_of_conditions(conditions, run.somebody_watches); });
  }
  if (run.recorded) remind();
  if (m_queued || run.recorded) deliver();
}

void Notifier::tell_of_success(const RunFacts& run) {
  note_last_good(last_good_file(m_config), run.subject, m_clock.now());
  if (!m_config.notify.wants(Topic::success)) return;
  Message message;
  message.id = util::random_uuid();
  message.kind = Kind::succeeded;
  message.subject = run.subject;
  message.title = fmt::format("bkp {} succeeded", run.subject);
  message.run_id = run.run_id;
  message.at = m_clock.now();
  queue(message, Topic::success);
}

void Notifier::tell_of_conditions(const run::Conditions& conditions, bool somebody_watches) {
  const auto open = peek().open;
  std::set<std::string> named;
  for (const auto& condition : conditions.all) {
    named.insert(condition.subject);
    if (condition.good) {
      if (open.contains(condition.subject)) succeeded(condition.subject);
    } else if (!somebody_watches) {
      change(condition.topic, [&](Problems& problems) {
        return problems.found(finding_of(condition), m_clock.now(), m_config.notify.remind_after);
      });
    }
  }
  if (conditions.complete_below.empty()) return;
  for (const auto& [subject, problem] : open) {
    if (subject.starts_with(conditions.complete_below) && !named.contains(subject))
      succeeded(subject);
  }
}

void Notifier::lost(const RunFacts& run, const Error& error) {
  guarded("the end could not be told", [&] { ping(run, Kind::failed, error.full_message()); });
  failed(run, error);
}

void Notifier::failed(const RunFacts& run, const Error& error) {
  if (run.somebody_watches) return;
  guarded("nobody could be told of a failure", [&] {
    const auto all_good = read_last_good(last_good_file(m_config));
    const auto good = all_good.find(run.subject);
    const auto last_good = good == all_good.end() ? std::nullopt : std::optional{good->second};
    change(Topic::failure, [&](Problems& problems) {
      return problems.found(finding_of(run, error, last_good), m_clock.now(),
                            m_config.notify.remind_after);
    });
  });
}

void Notifier::succeeded(const std::string& subject) {
  guarded("nobody could be told of a recovery", [&] {
    if (!peek().open.contains(subject)) return;
    change(Topic::recovered,
           [&](Problems& problems) { return problems.solved(subject, m_clock.now()); });
  });
}

void Notifier::remind() {
  guarded("nobody could be reminded", [&] {
    const auto now = m_clock.now();
    const auto remind_after = m_config.notify.remind_after;
    if (peek().to_remind(now, remind_after).empty()) return;
    const auto held = lock(m_directory);
    auto problems = read_or_set_aside();
    const auto due = problems.to_remind(now, remind_after);
    for (const auto& channel : m_config.notify.channels) {
      if (channel.is_ping()) continue;
      auto wanted = due;
      std::erase_if(wanted, [&](const Problem& problem) {
        return !asks_for(channel, problem.worst.topic) ||
               !is_about(channel, problem.worst.subject) ||
               problem.worst.severity < channel.severity;
      });
      if (!wanted.empty()) queue_for(channel, reminder_of(wanted, now));
    }
    write_problems(problems_file(m_config), problems);
  });
}

void Notifier::deliver() {
  guarded("messages wait to be delivered", [&] {
    const auto send = [&](const Channel& channel, const Message& message) {
      notify::deliver(channel, message, m_log);
    };
    m_outbox.deliver(m_config.notify.channels, send, m_clock.now(), m_log);
    m_queued = false;
  });
}

}  // namespace bkp::notify
