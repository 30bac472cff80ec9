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
  const auto& worst = problem.worst;
  json object{{"topic", config::to_text(worst.topic)},
              {"severity", config::to_text(worst.severity)},
              {"title", worst.title},
              {"solved_title", worst.solved_title},
              {"what", worst.what},
              {"risk", worst.risk},
              {"next", worst.next},
              {"run_id", nullptr},
              {"run_key", problem.run_key},
              {"since", text_of_time(problem.since)},
              {"times", problem.times},
              {"thread", problem.thread},
              {"remind_at", text_of_time(problem.remind_at)},
              {"interval_seconds", problem.interval.count()}};
  if (worst.run_id) object["run_id"] = *worst.run_id;
  return object;
}

Problem problem_from_json(const std::string& subject, const json& object) {
  Problem problem;
  auto& worst = problem.worst;
  worst.subject = subject;
  const auto topic = config::topic_from(object.at("topic").get<std::string>());
  const auto severity = config::severity_from(object.at("severity").get<std::string>());
  if (!topic || !severity) throw Error{ErrorKind::damaged, "it has no topic or severity"};
  worst.topic = *topic;
  worst.severity = *severity;
  worst.title = object.at("title");
  worst.solved_title = object.at("solved_title");
  worst.what = object.at("what");
  worst.risk = object.at("risk");
  worst.next = object.at("next");
  if (!object.at("run_id").is_null()) worst.run_id = object["run_id"].get<std::int64_t>();
  problem.run_key = object.at("run_key");
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
  json object{{"v", problems_version}, {"open", json::object()}};
  for (const auto& [subject, problem] : problems.open) object["open"][subject] = to_json(problem);
  util::write_file_atomically(file,
                              object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace bkp::notify
