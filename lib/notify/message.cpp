#include "notify/message.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/units.hpp"

namespace bkp::notify {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr std::array<std::string_view, 8> kind_names{"started",  "succeeded", "failed",  "problem",
                                                     "reminder", "recovered", "summary", "test"};

Kind kind_of(const std::string& text) {
  const auto found = std::ranges::find(kind_names, text);
  if (found == kind_names.end())
    throw Error{ErrorKind::damaged, fmt::format("no message is called {}", text)};
  return static_cast<Kind>(found - kind_names.begin());
}

void add_line(std::string& text, std::string_view name, const std::string& value) {
  if (!value.empty()) text += fmt::format("{:<9} {}\n", fmt::format("{}:", name), value);
}

std::string since_text(const Message& message) {
  if (!message.since) return {};
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(message.at - *message.since);
  auto text = util::format_rfc3339(*message.since);
  if (age >= std::chrono::minutes{1}) text += fmt::format(", for {}", util::format_duration(age));
  if (message.times > 1) text += fmt::format(", seen {} times", message.times);
  return text;
}

}  // namespace

std::string to_text(Kind kind) {
  return std::string{kind_names.at(static_cast<std::size_t>(kind))};
}

json to_json(const Message& message) {
  json object{{"version", 1},
              {"id", message.id},
              {"kind", to_text(message.kind)},
              {"severity", config::to_text(message.severity)},
              {"site", message.site},
              {"host", message.host},
              {"subject", message.subject},
              {"title", message.title},
              {"what", message.what},
              {"since", nullptr},
              {"times", message.times},
              {"risk", message.risk},
              {"next", message.next},
              {"run_id", nullptr},
              {"at", util::format_rfc3339(message.at)},
              {"thread", message.thread},
              {"text", text_of(message)}};
  if (message.since) object["since"] = util::format_rfc3339(*message.since);
  if (message.run_id) object["run_id"] = *message.run_id;
  return object;
}

Message message_from_json(const json& object) {
  try {
    Message message;
    message.id = object.at("id");
    message.kind = kind_of(object.at("kind"));
    const auto severity = config::severity_from(object.at("severity").get<std::string>());
    if (!severity) throw Error{ErrorKind::damaged, "it has no severity"};
    message.severity = *severity;
    message.site = object.at("site");
    message.host = object.at("host");
    message.subject = object.at("subject");
    message.title = object.at("title");
    message.what = object.at("what");
    if (!object.at("since").is_null())
      message.since = util::parse_time(object["since"].get<std::string>());
    message.times = object.at("times");
    message.risk = object.at("risk");
    message.next = object.at("next");
    if (!object.at("run_id").is_null()) message.run_id = object["run_id"].get<std::int64_t>();
    message.at = util::parse_time(object.at("at").get<std::string>());
    message.thread = object.at("thread");
    return message;
  } catch (const json::exception& error) {
    throw Error{ErrorKind::damaged, error.what()};
  }
}

std::string text_of(const Message& message) {
  std::string text = message.title + "\n";
  if (!message.what.empty()) text += "\n" + message.what + "\n";
  text += "\n";
  add_line(text, "Where", fmt::format("site {}, host {}", message.site, message.host));
  if (message.kind == Kind::problem || message.kind == Kind::reminder)
    add_line(text, "Severity", config::to_text(message.severity));
  add_line(text, "Since", since_text(message));
  add_line(text, "At risk", message.risk);
  add_line(text, "Next", message.next);
  if (message.run_id) add_line(text, "Run", std::to_string(*message.run_id));
  add_line(text, "Sent", util::format_rfc3339(message.at));
  return text;
}

std::string headline_of(const Message& message) {
  return fmt::format("{}: {}", message.site, message.title);
}

}  // namespace bkp::notify
