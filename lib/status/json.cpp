#include "status/render.hpp"

namespace bkp::status {

using nlohmann::json;

namespace {

json or_null(const std::optional<Time>& time) {
  return time ? json(util::format_rfc3339(*time)) : json(nullptr);
}

template <class Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json(nullptr);
}

json age_of(const std::optional<Time>& time, Time now) {
  if (!time) return nullptr;
  return std::chrono::duration_cast<std::chrono::seconds>(now - *time).count();
}

json to_json(const Kind& kind, Time now) {
  const auto at = kind.good ? std::optional{kind.good->at} : std::nullopt;
  return {{"kind", kind.kind},
          {"database", or_null(kind.database)},
          {"level", to_text(std::max(kind.level, kind.verified_level))},
          {"last_good", kind.good ? json(kind.good->label) : json(nullptr)},
          {"last_good_at", or_null(at)},
          {"last_good_age_seconds", age_of(at, now)},
          {"size_bytes", kind.good ? json(kind.good->size_bytes) : json(nullptr)},
          {"last_verified", kind.verified ? json(kind.verified->label) : json(nullptr)},
          {"last_verified_at", or_null(kind.verified_at)},
          {"last_verified_age_seconds", age_of(kind.verified_at, now)},
          {"being_made", kind.being_made},
          {"green_seconds", kind.ages.green.count()},
          {"yellow_seconds", kind.ages.yellow.count()}};
}

json to_json(const Assets& assets) {
  json object{{"name", assets.name}, {"checked", assets.counts.has_value()}};
  if (!assets.counts) return object;
  const auto& counts = *assets.counts;
  object["known"] = counts.known;
  object["never_read"] = counts.never_read;
  object["missing"] = counts.missing;
  object["corrupt"] = counts.corrupt;
  object["unreadable"] = counts.unreadable;
  object["fault_since"] = or_null(counts.fault_since);
  object["checked_at"] = util::format_rfc3339(counts.checked_at);
  return object;
}

json to_json(const Archive& archive) {
  return {{"level", to_text(archive.level)},
          {"problem", archive.problem},
          {"failing", archive.failing},
          {"lag_seconds", archive.lag ? json(archive.lag->count()) : json(nullptr)},
          {"waiting", or_null(archive.waiting)},
          {"last_archived", archive.last_archived},
          {"last_archived_at", or_null(archive.last_archived_at)}};
}

json to_json(const Store& store) {
  return {{"store", store.name},
          {"required", store.required},
          {"level", to_text(store.level)},
          {"problem", store.problem},
          {"usage", store.usage ? catalog::to_json(*store.usage) : json(nullptr)}};
}

json to_json(const Failures& failures) {
  return {{"command", failures.command},
          {"level", to_text(failures.level)},
          {"count", failures.count},
          {"since", util::format_rfc3339(failures.since)},
          {"error", failures.error}};
}

json to_json(const Schedule& schedule) {
  return {{"id", schedule.id},
          {"command", schedule.command},
          {"last_run_at", or_null(schedule.last_run_at)},
          {"next_run_at", or_null(schedule.next_run_at)},
          {"overdue", schedule.overdue}};
}

json to_json(const Objective& objective) {
  return {{"objective", objective.name},
          {"target_seconds", objective.target.count()},
          {"measured_seconds", or_null(objective.measured_seconds)},
          {"measured", objective.how},
          {"met", objective.measured_seconds ? json(objective.met()) : json(nullptr)}};
}

template <class Range>
json list_of(const Range& range) {
  auto list = json::array();
  for (const auto& one : range) list.push_back(to_json(one));
  return list;
}

}  // namespace

json to_json(const SiteStatus& status) {
  const auto items = items_of(status);
  json object{{"site", status.site},
              {"level", to_text(level_of(items))},
              {"catalog_problem", status.catalog_problem},
              {"kinds", json::array()},
              {"archive", status.archive ? to_json(*status.archive) : json(nullptr)},
              {"stores", list_of(status.stores)},
              {"failures", list_of(status.failures)},
              {"schedules", list_of(status.schedules)},
              {"assets", list_of(status.assets)},
              {"objectives", list_of(status.objectives)},
              {"runbook_at", or_null(status.runbook_at)},
              {"items", json::array()}};
  for (const auto& kind : status.kinds) object["kinds"].push_back(to_json(kind, status.at));
  for (const auto& item : items) {
    object["items"].push_back({{"level", to_text(item.level)},
                               {"what", item.what},
                               {"text", item.text},
                               {"next", item.next}});
  }
  return object;
}

}  // namespace bkp::status
