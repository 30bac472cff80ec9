#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "config/channels.hpp"
#include "notify/message.hpp"
#include "util/fd.hpp"
#include "util/log.hpp"

namespace bkp::notify {

/// Messages on their way, each a file that is removed when its channel has taken it; so what cannot
/// be delivered now is by a later run. A crash in between delivers a message twice, with one id.
class Outbox {
 public:
  /// `directory` is made when the first message is put into it.
  explicit Outbox(std::filesystem::path directory) : m_directory{std::move(directory)} {}

  /// Throws Error{store}.
  void put(const std::string& channel, const Message& message) const;

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

  /// Delivers what waits and is due, unless another process is at it. What fails waits longer each
  /// time, and is given up in the end; a channel that failed is left alone for the rest. Each is
  /// said once in `log`. Throws Error{store} for the directory alone.
  void deliver(const std::vector<config::Channel>& channels, const Deliver& deliver, Time now,
               util::Log& log) const;

 private:
  void fail(Waiting waiting, const std::string& error, Time now, util::Log& log) const;

  std::filesystem::path m_directory;
};

/// Before attempt `failed` + 1: a minute, twice as long each time, an hour at most.
std::chrono::seconds delay_after(int failed);

/// How long a message is worth delivering: three days; what a dead man's switch is told, an hour.
std::chrono::seconds worth_of(const Message& message);

}  // namespace bkp::notify
