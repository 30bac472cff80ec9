#include <fmt/format.h>

#include "notify/problems.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::notify {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr int problems_version = 1;

std::string text_of_time(Time time) {
  return util::format_rfc3339(time);
}

Time time_of(const json& text) {
  return util::parse_time(text.get<std::string>());
}

json to_json(const Problem& problem) {
  const auto& latest = problem.latest;
  json object{{"topic", config::to_text(latest.topic)},
              {"severity", config::to_text(latest.severity)},
              {"title", latest.title},
              {"solved_title", latest.solved_title},
              {"what", latest.what},
              {"risk", latest.risk},
              {"next", latest.next},
              {"run_key", latest.run_key},
              {"run_id", nullptr},
              {"since", text_of_time(problem.since)},
              {"times", problem.times},
              {"thread", problem.thread},
              {"remind_at", text_of_time(problem.remind_at)},
              {"interval_seconds", problem.interval.count()}};
  if (latest.run_id) object["run_id"] = *latest.run_id;
  return object;
}

template <class Enum>
Enum enum_of(const std::string& text, std::initializer_list<Enum> all) {
  for (const auto one : all) {
    if (config::to_text(one) == text) return one;
  }
  throw Error{ErrorKind::damaged, fmt::format("{} is nothing there", util::quoted(text))};
}

Problem problem_from_json(const std::string& subject, const json& object) {
  using config::Severity;
  using config::Topic;
  Problem problem;
  auto& latest = problem.latest;
  latest.subject = subject;
  latest.topic = enum_of(object.at("topic"), {Topic::failure, Topic::capacity});
  latest.severity =
      enum_of(object.at("severity"), {Severity::info, Severity::warning, Severity::critical});
  latest.title = object.at("title");
  latest.solved_title = object.at("solved_title");
  latest.what = object.at("what");
  latest.risk = object.at("risk");
  latest.next = object.at("next");
  latest.run_key = object.at("run_key");
  if (!object.at("run_id").is_null()) latest.run_id = object["run_id"].get<std::int64_t>();
  problem.since = time_of(object.at("since"));
  problem.times = object.at("times");
  problem.thread = object.at("thread");
  problem.remind_at = time_of(object.at("remind_at"));
  problem.interval = std::chrono::seconds{object.at("interval_seconds").get<std::int64_t>()};
  return problem;
}

Problems from_text(const std::string& text) {
  const auto object = json::parse(text);
  if (object.at("v") != problems_version)
    throw Error{ErrorKind::damaged, "it is of another version"};
  Problems problems;
  for (const auto& [subject, one] : object.at("open").items())
    problems.open[subject] = problem_from_json(subject, one);
  for (const auto& [subject, time] : object.at("last_good").items())
    problems.last_good[subject] = time_of(time);
  return problems;
}

}  // namespace

Problems read_problems(const std::filesystem::path& file) {
  const auto text = util::read_file(file);
  if (!text) return {};
  const auto refused = [&](std::string_view why) {
    return Error{ErrorKind::damaged,
                 fmt::format("{} is not what bkp has written: {}", util::quoted(file.string()),
                             util::printable(why)),
                 "remove it: what is wrong is found again, and told again"};
  };
  try {
    return from_text(*text);
  } catch (const json::exception& error) {
    throw refused(error.what());
  } catch (const Error& error) {
    throw refused(error.message());
  }
}

void write_problems(const std::filesystem::path& file, const Problems& problems) {
  json object{{"v", problems_version}, {"open", json::object()}, {"last_good", json::object()}};
  for (const auto& [subject, problem] : problems.open) object["open"][subject] = to_json(problem);
  for (const auto& [subject, time] : problems.last_good)
    object["last_good"][subject] = text_of_time(time);
  util::write_file_atomically(file, object.dump() + "\n");
}

}  // namespace bkp::notify
