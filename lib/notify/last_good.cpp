#include "notify/last_good.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "util/error.hpp"
#include "util/files.hpp"

namespace bkp::notify {

using nlohmann::json;

namespace {

constexpr std::size_t most_kept = 300;

}  // namespace

std::map<std::string, util::Time> read_last_good(const std::filesystem::path& file) {
  std::map<std::string, util::Time> last_good;
  try {
    const auto text = util::read_file(file);
    if (!text) return {};
    const auto object = json::parse(*text);
    for (const auto& [subject, time] : object.items())
      last_good[subject] = util::parse_time(time.get<std::string>());
    return last_good;
  } catch (const json::exception&) {
    return {};
  } catch (const util::Error&) {
    return {};
  }
}

void note_last_good(const std::filesystem::path& file, const std::string& subject, util::Time now) {
  auto last_good = read_last_good(file);
  last_good[subject] = now;
  while (last_good.size() > most_kept) {
    last_good.erase(
        std::ranges::min_element(last_good, {}, [](const auto& one) { return one.second; }));
  }
  util::make_private_directories(file.parent_path());
  auto object = json::object();
  for (const auto& [known, time] : last_good) object[known] = util::format_rfc3339(time);
  util::write_file_atomically(file,
                              object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace bkp::notify
