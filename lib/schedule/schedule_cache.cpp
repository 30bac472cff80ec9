#include "schedule/schedule_cache.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::schedule {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr int cache_version = 1;

}  // namespace

std::optional<std::vector<Schedule>> read_cache(const std::filesystem::path& path) {
  const auto text = util::read_file(path);
  if (!text) return std::nullopt;
  const auto refused = [&](std::string_view why) {
    return Error{ErrorKind::damaged,
                 fmt::format("{} is not what bkp has written: {}", util::quoted(path.string()),
                             util::printable(why)),
                 "remove it: it is written anew as soon as the catalog can be reached"};
  };
  try {
    const auto object = json::parse(*text);
    if (object.at("v") != cache_version)
      throw Error{ErrorKind::damaged, "it is of another version"};
    std::vector<Schedule> schedules;
    for (const auto& one : object.at("schedules")) schedules.push_back(schedule_from_json(one));
    return schedules;
  } catch (const json::exception& error) {
    throw refused(error.what());
  } catch (const Error& error) {
    throw refused(error.message());
  }
}

void write_cache(const std::filesystem::path& path, const std::vector<Schedule>& schedules) {
  auto list = json::array();
  for (const auto& schedule : schedules) list.push_back(to_json(schedule));
  const json object{{"v", cache_version}, {"schedules", std::move(list)}};
  util::write_file_atomically(path, object.dump() + "\n");
}

}  // namespace bkp::schedule
