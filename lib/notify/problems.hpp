#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "notify/message.hpp"

namespace bkp::notify {

/// What is wrong, as whoever noticed it says it.
struct Finding {
  std::string subject;                           ///< what it is about; one problem at most has it
  config::Topic topic = config::Topic::failure;  ///< or capacity
  config::Severity severity = config::Severity::critical;
  std::string title;         ///< "bkp full --db studio failed"
  std::string solved_title;  ///< "bkp full --db studio works again"
  std::string what;
  std::string risk;
  std::string next;
  std::string run_key;  ///< a second finding of the same run says nothing new; may be empty
  std::optional<std::int64_t> run_id;
};

/// Something that is wrong since a while.
struct Problem {
  Finding worst;        ///< the last of the worst ones; its severity is what was told
  std::string run_key;  ///< of the last finding
  Time since;
  int times = 1;
  std::string thread;  ///< the id of the message that told of it first
  Time remind_at;
  std::chrono::seconds interval{0};  ///< to the reminder behind that
};

/// What is wrong at a site. A message is due when something becomes wrong or worse, when it is
/// right again, and at growing intervals in between.
struct Problems {
  std::map<std::string, Problem> open;  ///< by subject

  /// The message that is due because of a finding, if any. Times to remind at are counted from
  /// `remind_after` on.
  std::optional<Message> found(const Finding& finding, Time now, std::chrono::seconds remind_after);
  /// The same when something is as it should be.
  std::optional<Message> solved(const std::string& subject, Time now);
  /// Problems of which somebody is to be reminded; all of them, as soon as one is due, so that they
  /// make one message, the worst first. Moves their times on. With `remind_after` 0, none.
  std::vector<Problem> to_remind(Time now, std::chrono::seconds remind_after);
};

/// The interval doubles up to this, or up to `remind_after` where that is longer.
inline constexpr std::chrono::hours longest_interval{24};

/// One message about several problems.
Message reminder_of(const std::vector<Problem>& problems, Time now);

/// Nothing where there is no file. Throws Error{damaged} for what bkp has not written,
/// Error{store}.
Problems read_problems(const std::filesystem::path& file);
void write_problems(const std::filesystem::path& file, const Problems& problems);

}  // namespace bkp::notify
