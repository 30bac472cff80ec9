#include "notify/outbox.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "notify/channel.hpp"
#include "notify/refusal.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::notify {

using nlohmann::json;
using util::Error;

namespace {

constexpr int message_version = 1;
constexpr auto ending = ".json";
constexpr std::chrono::seconds longest_delay{3600};
constexpr std::chrono::hours longest_worth{72};
// Whoever waits for the run's end waits for this too.
constexpr std::chrono::seconds delivery_budget{30};

std::string to_line(const Outbox::Waiting& waiting) {
  const json object{{"v", message_version},
                    {"channel", waiting.channel},
                    {"message", to_json(waiting.message)},
                    {"since", util::format_rfc3339(waiting.since)},
                    {"attempts", waiting.attempts},
                    {"next_attempt", util::format_rfc3339(waiting.next_attempt)},
                    {"error", waiting.error}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Outbox::Waiting from_line(const std::string& text) {
  const auto object = json::parse(text);
  if (object.at("v") != message_version)
    throw Error{util::ErrorKind::damaged, "it is of another version"};
  Outbox::Waiting waiting;
  waiting.channel = object.at("channel");
  waiting.message = message_from_json(object.at("message"));
  waiting.since = util::parse_time(object.at("since").get<std::string>());
  waiting.attempts = object.at("attempts");
  waiting.next_attempt = util::parse_time(object.at("next_attempt").get<std::string>());
  waiting.error = object.at("error");
  return waiting;
}

}  // namespace

std::chrono::seconds delay_after(int failed) {
  return std::min(longest_delay, std::chrono::seconds{60} * (1 << std::clamp(failed - 1, 0, 10)));
}

std::chrono::seconds worth_of(const config::Channel& channel, const Error& error) {
  const bool soon_over = channel.is_ping() || dynamic_cast<const Refusal*>(&error) != nullptr;
  return soon_over ? std::chrono::hours{1} : longest_worth;
}

void Outbox::put(const std::string& channel, const Message& message) {
  util::make_private_directories(m_directory);
  const Waiting waiting{channel, message, message.at, 0, message.at, {}, {}};
  const auto nanoseconds =
      std::chrono::duration_cast<std::chrono::nanoseconds>(message.at.time_since_epoch()).count();
  const auto name =
      fmt::format("{:020}-{:04}-{}{}", nanoseconds, m_sequence++, util::random_hex(4), ending);
  util::write_file_atomically(m_directory / name, to_line(waiting));
}

void Outbox::clear(const std::string& channel) const {
  for (const auto& waiting : all()) {
    std::error_code unknown;
    if (waiting.channel == channel) std::filesystem::remove(waiting.file, unknown);
  }
}

std::vector<Outbox::Waiting> Outbox::all() const {
  std::vector<Waiting> found;
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator{m_directory, unknown}) {
    if (entry.path().extension() != ending) continue;
    try {
      auto text = util::read_file(entry.path());
      if (!text) continue;
      found.push_back(from_line(*text));
      found.back().file = entry.path();
    } catch (const json::exception&) {
    } catch (const Error&) {
    }
  }
  std::ranges::sort(found, {}, &Waiting::file);
  return found;
}

void Outbox::deliver(const std::vector<config::Channel>& channels, const Deliver& deliver, Time now,
                     util::Log& log) const {
  std::error_code unknown;
  if (!std::filesystem::exists(m_directory, unknown)) return;
  const auto lock = util::open_or_make(m_directory / "lock");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;
  const auto until = std::chrono::steady_clock::now() + delivery_budget;
  remove_unreadable(now, log);
  std::set<std::string> held_up;
  for (auto& waiting : all()) {
    const auto channel = std::ranges::find(channels, waiting.channel, &config::Channel::name);
    if (channel == channels.end()) {
      log.info("a message waits for channel {}, which is not configured any more: it is dropped",
               util::quoted(waiting.channel));
      std::filesystem::remove(waiting.file, unknown);
      continue;
    }
    if (!can_deliver(*channel) || held_up.contains(waiting.channel)) continue;
    // Further ahead than any delay: a clock that was wrong has put it there.
    const bool due = waiting.next_attempt <= now || waiting.next_attempt > now + 2 * longest_delay;
    if (!due) {
      held_up.insert(waiting.channel);
      continue;
    }
    if (std::chrono::steady_clock::now() >= until) return;
    attempt(std::move(waiting), *channel, deliver, now, log, held_up);
  }
}

void Outbox::attempt(Waiting waiting, const config::Channel& channel, const Deliver& deliver,
                     Time now, util::Log& log, std::set<std::string>& held_up) const {
  try {
    deliver(channel, waiting.message);
    std::error_code unknown;
    std::filesystem::remove(waiting.file, unknown);
  } catch (const Error& error) {
    held_up.insert(waiting.channel);
    fail(std::move(waiting), channel, error, now, log);
  }
}

void Outbox::fail(Waiting waiting, const config::Channel& channel, const Error& error, Time now,
                  util::Log& log) const {
  ++waiting.attempts;
  waiting.error = util::printable_lines(error.full_message());
  waiting.next_attempt = now + delay_after(waiting.attempts);
  const auto told = fmt::format("channel {} was not told of {}: {}", util::quoted(waiting.channel),
                                util::quoted(waiting.message.title), waiting.error);
  if (waiting.since + worth_of(channel, error) <= now) {
    log.warning("{}; it is given up after {} attempts", told, waiting.attempts);
    std::error_code unknown;
    std::filesystem::remove(waiting.file, unknown);
    return;
  }
  if (waiting.attempts == 1) {
    log.warning("{}; it is tried again", told);
  } else {
    log.debug("{}", told);
  }
  util::write_file_atomically(waiting.file, to_line(waiting));
}

/// What no version of bkp can read is of no use to anybody in the end.
void Outbox::remove_unreadable(Time now, util::Log& log) const {
  std::set<std::filesystem::path> readable;
  for (const auto& waiting : all()) readable.insert(waiting.file);
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator{m_directory, unknown}) {
    if (entry.path().filename() == "lock" || readable.contains(entry.path())) continue;
    struct ::stat info {};
    if (::stat(entry.path().c_str(), &info) != 0) continue;
    if (std::chrono::system_clock::from_time_t(info.st_mtime) + longest_worth >= now) continue;
    log.warning("{} is no message that can be read, for three days: it is removed",
                util::quoted(entry.path().string()));
    std::filesystem::remove(entry.path(), unknown);
  }
}

}  // namespace bkp::notify
