#include "catalog/event.hpp"

#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::catalog {

using nlohmann::json;

namespace {

constexpr int event_version = 1;

std::string storable(const std::string& text) {
  const bool fine = util::is_valid_utf8(text) && text.find('\0') == text.npos;
  return fine ? text : util::printable(text);
}

json storable(const json& value) {
  if (value.is_string()) return storable(value.get_ref<const std::string&>());
  if (value.is_array()) {
    json result = json::array();
    for (const auto& element : value) result.push_back(storable(element));
    return result;
  }
  if (value.is_object()) {
    json result = json::object();
    for (const auto& [key, member] : value.items()) result[storable(key)] = storable(member);
    return result;
  }
  return value;
}

}  // namespace

Event Event::make(std::string run_key, std::string kind, const json& data) {
  return {util::random_uuid(), std::move(run_key), std::move(kind), storable(data)};
}

std::string to_line(const Event& event) {
  return json{{"v", event_version},
              {"id", event.id},
              {"run_key", event.run_key},
              {"kind", event.kind},
              {"data", event.data}}
      .dump();
}

std::optional<Event> event_from_line(std::string_view line) {
  const auto parsed = json::parse(line, nullptr, false);
  if (!parsed.is_object() || parsed.value("v", json{}) != event_version) return std::nullopt;
  try {
    return Event{parsed.at("id").get<std::string>(), parsed.at("run_key").get<std::string>(),
                 parsed.at("kind").get<std::string>(), parsed.at("data")};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace bkp::catalog
