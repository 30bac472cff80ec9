#include "notify/outbox.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "notify/channel.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::notify {

using nlohmann::json;
using util::Error;

namespace {

constexpr int message_version = 1;
constexpr auto ending = ".json";

std::string to_line(const Outbox::Waiting& waiting) {
  const json object{{"v", message_version},
                    {"channel", waiting.channel},
                    {"message", to_json(waiting.message)},
                    {"since", util::format_rfc3339(waiting.since)},
                    {"attempts", waiting.attempts},
                    {"next_attempt", util::format_rfc3339(waiting.next_attempt)},
                    {"error", waiting.error}};
  return object.dump() + "\n";
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
  constexpr std::chrono::seconds longest{3600};
  return std::min(longest, std::chrono::seconds{60} * (1 << std::clamp(failed - 1, 0, 10)));
}

std::chrono::seconds worth_of(const Message& message) {
  const bool for_ping = message.kind == Kind::started || message.kind == Kind::succeeded ||
                        message.kind == Kind::failed;
  return for_ping ? std::chrono::hours{1} : std::chrono::hours{72};
}

void Outbox::put(const std::string& channel, const Message& message) const {
  util::make_private_directories(m_directory);
  Waiting waiting{channel, message, message.at, 0, message.at, {}, {}};
  const auto name =
      fmt::format("{}-{}{}", util::format_compact(message.at), util::random_hex(8), ending);
  util::write_file_atomically(m_directory / name, to_line(waiting));
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
  std::set<std::string> failed;
  for (auto& waiting : all()) {
    const auto channel = std::ranges::find(channels, waiting.channel, &config::Channel::name);
    if (channel == channels.end()) {
      log.info("a message waits for channel {}, which is not configured any more: it is dropped",
               util::quoted(waiting.channel));
      std::filesystem::remove(waiting.file, unknown);
      continue;
    }
    if (!can_deliver(*channel)) continue;
    if (waiting.next_attempt > now || failed.contains(waiting.channel)) continue;
    try {
      deliver(*channel, waiting.message);
      std::filesystem::remove(waiting.file, unknown);
    } catch (const Error& error) {
      failed.insert(waiting.channel);
      fail(std::move(waiting), error.full_message(), now, log);
    }
  }
}

void Outbox::fail(Waiting waiting, const std::string& error, Time now, util::Log& log) const {
  ++waiting.attempts;
  waiting.error = util::printable(error);
  waiting.next_attempt = now + delay_after(waiting.attempts);
  const auto told = fmt::format("channel {} was not told of {}: {}", util::quoted(waiting.channel),
                                util::quoted(waiting.message.title), waiting.error);
  if (waiting.since + worth_of(waiting.message) <= now) {
    log.warning("{}; it is given up after {} attempts", told, waiting.attempts);
    std::error_code unknown;
    std::filesystem::remove(waiting.file, unknown);
    return;
  }
  log.warning("{}; it is tried again in {}", told,
              util::format_duration(delay_after(waiting.attempts)));
  util::write_file_atomically(waiting.file, to_line(waiting));
}

}  // namespace bkp::notify
