#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "config/channels.hpp"
#include "notify/message.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/log.hpp"

namespace bkp::notify {

/// Messages on their way, each a file that is removed when its channel has taken it; so what cannot
/// be delivered now is by a later run. A crash in between delivers a message twice, with one id.
class Outbox {
 public:
  /// `directory` is made when the first message is put into it.
  explicit Outbox(std::filesystem::path directory) : m_directory{std::move(directory)} {}

  /// Throws Error{store}. The messages of a process keep their order.
  void put(const std::string& channel, const Message& message);
  /// Forgets what waits for a channel: what is put next says all that counts.
  void clear(const std::string& channel) const;

  struct Waiting {
    std::string channel;
    Message message;
    Time since;
    int attempts = 0;
    Time next_attempt;
    std::string error;  ///< of the last attempt
    std::filesystem::path file;
  };
  /// Oldest first. What is no message is passed over.
  std::vector<Waiting> all() const;

  /// Throws util::Error when the message could not be delivered.
  using Deliver = std::function<void(const config::Channel&, const Message&)>;

  /// Delivers what waits and is due, for half a minute at most, unless another process is at it.
  /// The messages of a channel keep their order: one that fails waits longer each time, and those
  /// behind it wait for it, until it is given up. The first failure and the last are said in `log`.
  /// Throws Error{store} for the directory alone.
  void deliver(const std::vector<config::Channel>& channels, const Deliver& deliver, Time now,
               util::Log& log) const;

 private:
  void attempt(Waiting waiting, const config::Channel& channel, const Deliver& deliver, Time now,
               util::Log& log, std::set<std::string>& held_up) const;
  void fail(Waiting waiting, const config::Channel& channel, const util::Error& error, Time now,
            util::Log& log) const;
  void remove_unreadable(Time now, util::Log& log) const;

  std::filesystem::path m_directory;
  int m_sequence = 0;
};

/// Before attempt `failed` + 1: a minute, twice as long each time, an hour at most.
std::chrono::seconds delay_after(int failed);

/// How long a message is worth delivering: three days; what a dead man's switch is told, an hour;
/// what was refused for what it is (Refusal), the same.
std::chrono::seconds worth_of(const config::Channel& channel, const util::Error& error);

}  // namespace bkp::notify
