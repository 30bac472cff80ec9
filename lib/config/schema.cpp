#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bkp::config {

namespace {

using enum Shape;
using enum Support;

// Below a key that is `later` everything is.
constexpr std::array rules{
    KeyRule{"site", text},
    KeyRule{"cluster", mapping},
    KeyRule{"cluster.conninfo", secret},
    KeyRule{"cluster.password_file", path},
    KeyRule{"cluster.data_directory", path},
    KeyRule{"cluster.bin_directory", path},
    KeyRule{"databases", selection},
    KeyRule{"databases.include", texts},
    KeyRule{"databases.exclude", texts},
    KeyRule{"catalog", mapping},
    KeyRule{"catalog.conninfo", secret},
    KeyRule{"catalog.password_file", path},
    KeyRule{"catalog.schema", text},
    KeyRule{"catalog.spool_directory", path},
    KeyRule{"stores", mappings},
    KeyRule{"stores[].name", text},
    KeyRule{"stores[].url", text},
    KeyRule{"stores[].required", boolean},
    KeyRule{"stores[].capacity", size},
    KeyRule{"stores[].retention", mapping},
    KeyRule{"stores[].retention.last", integer},
    KeyRule{"stores[].retention.within", duration},
    KeyRule{"stores[].retention.hourly", integer},
    KeyRule{"stores[].retention.daily", integer},
    KeyRule{"stores[].retention.weekly", integer},
    KeyRule{"stores[].retention.monthly", integer},
    KeyRule{"stores[].retention.quarterly", integer},
    KeyRule{"stores[].retention.yearly", integer},
    KeyRule{"stores[].retention.wal", duration},
    KeyRule{"stores[].endpoint", text},
    KeyRule{"stores[].region", text},
    KeyRule{"stores[].addressing", text},
    KeyRule{"stores[].credentials", mapping},
    KeyRule{"stores[].credentials.file", path},
    KeyRule{"stores[].credentials.profile", text},
    KeyRule{"stores[].credentials.env", boolean},
    KeyRule{"stores[].credentials.command", texts},
    KeyRule{"stores[].credentials.imds", boolean},
    KeyRule{"stores[].ca_file", path},
    KeyRule{"stores[].parallel", integer},
    KeyRule{"stores[].storage_class", text},
    KeyRule{"stores[].server_side_encryption", text},
    KeyRule{"stores[].kms_key", text},
    KeyRule{"stores[].object_lock", mapping},
    KeyRule{"stores[].object_lock.mode", text},
    KeyRule{"stores[].object_lock.days", integer},
    KeyRule{"stores[].key_file", path},
    KeyRule{"stores[].known_hosts_file", path},
    KeyRule{"compression", mapping},
    KeyRule{"compression.level", integer},
    KeyRule{"compression.threads", integer},
    KeyRule{"encryption", mapping},
    KeyRule{"encryption.recipients", texts},
    KeyRule{"encryption.identity_files", paths},
    KeyRule{"signing", mapping},
    KeyRule{"signing.key_file", path},
    KeyRule{"signing.trusted_keys", paths},
    KeyRule{"limits", mapping},
    KeyRule{"limits.rate", rate},
    KeyRule{"limits.nice", integer},
    KeyRule{"limits.ionice", text},
    KeyRule{"limits.connections", integer},
    KeyRule{"full", mapping},
    KeyRule{"full.method", texts},
    KeyRule{"full.fingerprint", text},
    KeyRule{"full.jobs", integer},
    KeyRule{"full.lock_timeout", duration},
    KeyRule{"full.slow_store_timeout", duration},
    KeyRule{"full.config_export", boolean},
    KeyRule{"incremental", mapping},
    KeyRule{"incremental.full_after", duration},
    KeyRule{"incremental.max_chain", integer},
    KeyRule{"wal", mapping},
    KeyRule{"wal.push_jobs", integer},
    KeyRule{"wal.fetch_jobs", integer},
    KeyRule{"wal.archive_timeout", duration},
    KeyRule{"verify", mapping},
    KeyRule{"verify.database_prefix", text},
    KeyRule{"verify.jobs", integer},
    KeyRule{"verify.sample", share},
    KeyRule{"verify.assertions", mappings},
    KeyRule{"verify.assertions[].name", text},
    KeyRule{"verify.assertions[].database", text},
    KeyRule{"verify.assertions[].sql", text},
    KeyRule{"verify.assertions[].expect", text},
    KeyRule{"recover", mapping},
    KeyRule{"recover.scratch_directory", path},
    KeyRule{"objectives", mapping},
    KeyRule{"objectives.rpo", duration},
    KeyRule{"objectives.rto", duration},
    KeyRule{"objectives.window", duration},
    KeyRule{"status", mapping},
    KeyRule{"status.green", duration},
    KeyRule{"status.yellow", duration},
    KeyRule{"status.capacity_alert", share},
    KeyRule{"status.kinds", mappings},
    KeyRule{"status.kinds[].kind", text},
    KeyRule{"status.kinds[].green", duration},
    KeyRule{"status.kinds[].yellow", duration},
    KeyRule{"config_export", mapping},
    KeyRule{"config_export.sections", mappings},
    KeyRule{"config_export.sections[].name", text},
    KeyRule{"config_export.sections[].database", text},
    KeyRule{"config_export.sections[].sql", text},
    KeyRule{"config_export.sections[].tables", texts},
    KeyRule{"config_export.sections[].key", texts},
    KeyRule{"config_export.sections[].files", paths},
    KeyRule{"config_export.sections[].exclude", texts},
    KeyRule{"config_export.sections[].server", boolean},
    KeyRule{"config_export.sections[].command", texts},
    KeyRule{"config_export.sections[].secret", text},
    KeyRule{"files", mappings, later},
    KeyRule{"files[].name", text, later},
    KeyRule{"files[].path", path, later},
    KeyRule{"files[].exclude", texts, later},
    KeyRule{"redis", mappings, later},
    KeyRule{"redis[].name", text, later},
    KeyRule{"redis[].url", secret, later},
    KeyRule{"redis[].password_file", path, later},
    KeyRule{"assets", mappings},
    KeyRule{"assets[].name", text},
    KeyRule{"assets[].database", text},
    KeyRule{"assets[].sql", text},
    KeyRule{"assets[].root", path},
    KeyRule{"assets[].nightly", share},
    KeyRule{"notify", mapping},
    KeyRule{"notify.remind_after", duration},
    KeyRule{"notify.channels", mappings},
    KeyRule{"notify.channels[].name", text},
    KeyRule{"notify.channels[].on", texts},
    KeyRule{"notify.channels[].severity", text},
    KeyRule{"notify.channels[].commands", texts},
    KeyRule{"notify.channels[].template_file", path},
    KeyRule{"notify.channels[].ca_file", path},
    KeyRule{"notify.channels[].slack", mapping},
    KeyRule{"notify.channels[].slack.url_file", path},
    KeyRule{"notify.channels[].webhook", mapping},
    KeyRule{"notify.channels[].webhook.url_file", path},
    KeyRule{"notify.channels[].webhook.header_file", path},
    KeyRule{"notify.channels[].smtp", mapping},
    KeyRule{"notify.channels[].smtp.url", secret},
    KeyRule{"notify.channels[].smtp.from", text},
    KeyRule{"notify.channels[].smtp.to", texts},
    KeyRule{"notify.channels[].smtp.user", text},
    KeyRule{"notify.channels[].smtp.password_file", path},
    KeyRule{"notify.channels[].smtp.tls", text},
    KeyRule{"notify.channels[].ping", mapping},
    KeyRule{"notify.channels[].ping.url_file", path},
    KeyRule{"notify.channels[].ping.start", text},
    KeyRule{"notify.channels[].ping.failure", text},
    KeyRule{"schedules", mappings},
    KeyRule{"schedules[].command", text},
    KeyRule{"schedules[].schedule", text},
    KeyRule{"schedules[].time_zone", text},
    KeyRule{"schedules[].destination", text},
    KeyRule{"schedules[].jitter", duration},
    KeyRule{"schedules[].catch_up", duration},
    KeyRule{"schedules[].enabled", boolean},
    KeyRule{"runbook", mapping},
    KeyRule{"runbook.path", path},
    KeyRule{"runbook.contacts", texts},
    KeyRule{"runbook.procedures", mappings},
    KeyRule{"runbook.procedures[].title", text},
    KeyRule{"runbook.procedures[].when", text},
    KeyRule{"runbook.procedures[].steps", mappings},
    KeyRule{"runbook.procedures[].steps[].text", text},
    KeyRule{"runbook.procedures[].steps[].command", text},
    KeyRule{"runbook.procedures[].steps[].as", text},
};

// "stores[].name" → {"stores", "name"}; "site" → {"", "site"}
std::pair<std::string_view, std::string_view> split(std::string_view path) {
  const auto dot = path.rfind('.');
  if (dot == path.npos) return {{}, path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

}  // namespace

std::span<const KeyRule> key_rules() {
  return rules;
}

const KeyRule* find_rule(std::string_view path) {
  const auto found = std::ranges::find(rules, path, &KeyRule::path);
  return found == rules.end() ? nullptr : &*found;
}

std::vector<std::string> keys_below(std::string_view path) {
  std::vector<std::string> result;
  for (const auto& rule : rules) {
    const auto [section, key] = split(rule.path);
    if (section == path) result.emplace_back(key);
  }
  return result;
}

std::vector<std::string> sections_with(std::string_view key) {
  std::vector<std::string> result;
  for (const auto& rule : rules) {
    const auto [section, name] = split(rule.path);
    if (name == key) result.emplace_back(section.empty() ? "the top level" : section);
  }
  return result;
}

}  // namespace bkp::config
