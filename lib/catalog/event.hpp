#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace bkp::catalog {

/// One thing to be recorded in the catalog, complete in itself: it can be applied now or, from a
/// spool file, days later by another process. One JSON object on one line:
///
///   {"v": 1, "id": UUID, "run_key": UUID, "kind": KIND, "data": {…}}
///
/// `id` makes it apply once (table applied_events). `run_key` names the run it belongs to. `data`
/// is what apply() of that kind takes: a record as to_json() writes it, times included. All texts
/// are valid UTF-8 without zero bytes, because PostgreSQL's jsonb takes no other.
struct Event {
  std::string id;
  std::string run_key;
  std::string kind;
  nlohmann::json data;

  /// With a new id; texts that PostgreSQL could not store are escaped as by util::printable().
  static Event make(std::string run_key, std::string kind, const nlohmann::json& data);
};

/// The line, without its end.
std::string to_line(const Event& event);

/// nullopt for what is no event of this version.
std::optional<Event> event_from_line(std::string_view line);

}  // namespace bkp::catalog
