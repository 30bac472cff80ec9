#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "config/channels.hpp"
#include "util/clock.hpp"

namespace bkp::notify {

using util::Time;

enum class Kind {
  started,    ///< a run: for pings alone
  succeeded,  ///< a run
  failed,     ///< a run: for pings alone; channels are told of problems
  problem,    ///< something is wrong
  reminder,   ///< things still are
  recovered,  ///< it is not any more
  summary,
  test,
};

/// One thing to be said, before it is put into the words of a channel. Texts are as printable()
/// leaves them, but for line ends in `what`, and hold no secrets.
struct Message {
  std::string id;  ///< a UUID: what is delivered twice has the same
  Kind kind = Kind::test;
  config::Severity severity = config::Severity::info;
  std::string site;
  std::string host;
  std::string subject;        ///< "full --db studio", "store local"; empty: nothing of its own
  std::string title;          ///< one line: "bkp full --db studio failed"
  std::string what;           ///< what happened, lines
  std::optional<Time> since;  ///< of a problem: when it was first seen
  int times = 0;              ///< how often it was seen
  std::string risk;           ///< what is at risk; may be empty
  std::string next;           ///< what to do next, a command where there is one; may be empty
  std::optional<std::int64_t> run_id;
  Time at;
  std::string thread;  ///< the id of the first message of the same problem; may be empty

  bool operator==(const Message&) const = default;
};

/// "problem", "recovered", …
std::string to_text(Kind kind);

/// What a generic webhook is sent, and a message that waits is kept as: bkp-notify(1).
nlohmann::json to_json(const Message& message);
/// The inverse. Throws Error{damaged}.
Message message_from_json(const nlohmann::json& object);

/// The lines of a message, for people: the title, what happened, and each thing that is known.
std::string text_of(const Message& message);

/// "studio: bkp full --db studio failed": what stands in a list of mails.
std::string headline_of(const Message& message);

}  // namespace bkp::notify
