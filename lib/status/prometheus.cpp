#include <utility>

#include <fmt/format.h>

#include "retention/usage.hpp"
#include "status/render.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace bkp::status {

namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// Valid UTF-8, as the format wants it.
std::string escaped(std::string_view value) {
  std::string result;
  const auto shown = util::is_valid_utf8(value) ? std::string{value} : util::printable(value);
  for (const char c : shown) {
    if (c == '\\' || c == '"') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result;
}

double seconds_of(Time time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// The samples of each metric stand together, below what is said of it.
class Exposition {
 public:
  explicit Exposition(const std::string& site) : m_site{site} {}

  void metric(std::string_view name, std::string_view help) {
    m_name = name;
    m_head = fmt::format("# HELP bkp_{0} {1}\n# TYPE bkp_{0} gauge\n", name, help);
  }
  void sample(double value, const Labels& labels = {}) {
    m_text += std::exchange(m_head, {});
    m_text += fmt::format("bkp_{}{{site=\"{}\"", m_name, escaped(m_site));
    for (const auto& [name, text] : labels)
      m_text += fmt::format(",{}=\"{}\"", name, escaped(text));
    m_text += fmt::format("}} {:.17g}\n", value);
  }
  template <class Value>
  void sample_if(const std::optional<Value>& value, const Labels& labels = {}) {
    if (value) sample(static_cast<double>(*value), labels);
  }
  void time_if(const std::optional<Time>& time, const Labels& labels = {}) {
    if (time) sample(seconds_of(*time), labels);
  }
  std::string take() { return std::move(m_text); }

 private:
  const std::string& m_site;
  std::string_view m_name;
  std::string m_head;  ///< until there is a sample
  std::string m_text;
};

Labels labels_of(const Kind& kind) {
  return {{"kind", kind.kind}, {"database", kind.database.value_or("")}};
}

void write_kinds(const SiteStatus& status, Exposition& out) {
  out.metric("backup_last_good_timestamp_seconds", "When the newest good backup was begun.");
  for (const auto& kind : status.kinds) {
    if (kind.good) out.sample(seconds_of(kind.good->at), labels_of(kind));
  }
  out.metric("backup_last_verified_timestamp_seconds",
             "When a restore last proved a backup of the kind.");
  for (const auto& kind : status.kinds) out.time_if(kind.verified_at, labels_of(kind));
  out.metric("backup_last_good_size_bytes", "What the newest good backup takes on a store.");
  for (const auto& kind : status.kinds) {
    if (kind.good) out.sample(static_cast<double>(kind.good->size_bytes), labels_of(kind));
  }
  out.metric("backup_level", "How old the newest good backup is: 0 green, 1 yellow, 2 red.");
  for (const auto& kind : status.kinds)
    out.sample(static_cast<double>(kind.level), labels_of(kind));
}

void write_archive(const SiteStatus& status, Exposition& out) {
  if (!status.archive || !status.archive->problem.empty()) return;
  out.metric("archive_lag_seconds", "How old the oldest change may be that is archived nowhere.");
  if (status.archive->lag) out.sample(static_cast<double>(status.archive->lag->count()));
  out.metric("archive_waiting_files", "Files of WAL that wait to be archived.");
  out.sample_if(status.archive->waiting);
  out.metric("archive_failing", "Whether the last attempt to archive failed.");
  out.sample(status.archive->failing ? 1 : 0);
}

void write_stores(const SiteStatus& status, Exposition& out) {
  const auto of_each = [&](std::string_view name, std::string_view help, const auto& value_of) {
    out.metric(name, help);
    for (const auto& store : status.stores) {
      if (store.usage) out.sample_if(value_of(*store.usage), {{"store", store.name}});
    }
  };
  out.metric("store_up", "Whether the store can be used.");
  for (const auto& store : status.stores) {
    out.sample(store.problem.empty() ? 1 : 0,
               {{"store", store.name}, {"required", store.required ? "true" : "false"}});
  }
  out.metric("store_used_bytes", "What the site uses of the store.");
  for (const auto& store : status.stores) {
    if (store.is_counted)
      out.sample(static_cast<double>(store.usage->used_bytes), {{"store", store.name}});
  }
  of_each("store_capacity_bytes", "What the store can hold.",
          [](const auto& usage) { return usage.capacity_bytes; });
  of_each("store_available_bytes", "What is left of it.",
          [](const auto& usage) { return usage.available_bytes; });
  out.metric("store_full_timestamp_seconds", "When the store will be full, if it grows on so.");
  for (const auto& store : status.stores) {
    if (store.usage) out.time_if(store.usage->full_at, {{"store", store.name}});
  }
}

void write_runs(const SiteStatus& status, Exposition& out) {
  out.metric("failed_runs", "Runs of a command that failed since its last success.");
  for (const auto& one : status.failures) out.sample(one.count, {{"command", one.command}});
  const auto labels_of_schedule = [](const Schedule& one) {
    return Labels{{"schedule", std::to_string(one.id)}, {"command", one.command}};
  };
  out.metric("schedule_last_run_timestamp_seconds", "When the last run was due.");
  for (const auto& one : status.schedules) out.time_if(one.last_run_at, labels_of_schedule(one));
  out.metric("schedule_next_run_timestamp_seconds", "When the next run is due.");
  for (const auto& one : status.schedules) out.time_if(one.next_run_at, labels_of_schedule(one));
}

void write_assets(const SiteStatus& status, Exposition& out) {
  out.metric("assets", "Files by what their last check has found.");
  for (const auto& one : status.assets) {
    if (!one.counts) continue;
    const auto& counts = *one.counts;
    const auto sample = [&](std::string state, std::int64_t value) {
      out.sample(static_cast<double>(value), {{"assets", one.name}, {"state", std::move(state)}});
    };
    sample("missing", counts.missing);
    sample("corrupt", counts.corrupt);
    sample("unreadable", counts.unreadable);
    sample("ok", counts.known - counts.missing - counts.corrupt - counts.unreadable);
  }
  out.metric("assets_never_read", "Of these, those whose contents were never compared.");
  for (const auto& one : status.assets) {
    if (one.counts) out.sample(static_cast<double>(one.counts->never_read), {{"assets", one.name}});
  }
  out.metric("assets_last_check_timestamp_seconds",
             "When what was found was last noted; 0: never.");
  for (const auto& one : status.assets)
    out.sample(one.counts ? seconds_of(one.counts->checked_at) : 0, {{"assets", one.name}});
}

void write_objectives(const SiteStatus& status, Exposition& out) {
  out.metric("objective_seconds", "What the configuration promises.");
  for (const auto& one : status.objectives)
    out.sample(static_cast<double>(one.target.count()), {{"objective", one.name}});
  out.metric("objective_measured_seconds", "What was measured.");
  for (const auto& one : status.objectives)
    out.sample_if(one.measured_seconds, {{"objective", one.name}});
  out.metric("objective_met", "Whether what was measured keeps the promise.");
  for (const auto& one : status.objectives) {
    if (one.measured_seconds) out.sample(one.met() ? 1 : 0, {{"objective", one.name}});
  }
}

}  // namespace

std::string to_prometheus(const SiteStatus& status) {
  Exposition out{status.site};
  out.metric("build_info", "The version that wrote this.");
  out.sample(1, {{"version", std::string{util::version()}}});
  out.metric("status_timestamp_seconds", "When this was written.");
  out.sample(seconds_of(status.at));
  out.metric("status_level", "The worst of all: 0 green, 1 yellow, 2 red.");
  out.sample(static_cast<double>(level_of(items_of(status))));
  out.metric("catalog_up", "Whether the catalog can be reached.");
  out.sample(status.catalog_problem.empty() ? 1 : 0);
  out.metric("server_up", "Whether the cluster that is protected answers.");
  out.sample(status.server_problem.empty() ? 1 : 0);
  write_kinds(status, out);
  write_archive(status, out);
  write_stores(status, out);
  write_runs(status, out);
  write_assets(status, out);
  write_objectives(status, out);
  out.metric("runbook_timestamp_seconds", "When the runbook on a store was made.");
  out.time_if(status.runbook_at);
  return out.take();
}

}  // namespace bkp::status
