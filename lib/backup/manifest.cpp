#include "backup/manifest.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>

#include "backup/json_text.hpp"
#include "catalog/time_text.hpp"
#include "pg/wal_name.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr auto format_name = "bkp-manifest";
constexpr std::uint64_t format_version = 1;

json to_json(const Part& part) {
  return {{"name", part.name},
          {"role", part.role},
          {"compression", part.compression},
          {"encryption", part.encryption},
          {"size_bytes", part.size_bytes},
          {"original_bytes", part.original_bytes},
          {"md5", part.md5},
          {"sha256", part.sha256}};
}

Part part_from_json(const json& from) {
  Part part;
  part.name = from.at("name").get<std::string>();
  part.role = from.at("role").get<std::string>();
  part.compression = from.at("compression").get<std::string>();
  part.encryption = from.value("encryption", std::string{"none"});
  part.size_bytes = count_from_json(from.at("size_bytes"));
  part.original_bytes = count_from_json(from.at("original_bytes"));
  part.md5 = from.at("md5").get<std::string>();
  part.sha256 = from.at("sha256").get<std::string>();
  return part;
}

json to_json(const DatabaseProperties& database) {
  return {{"name", text_to_json(database.name)},
          {"owner", text_to_json(database.owner)},
          {"encoding", database.encoding},
          {"collate", database.collate},
          {"ctype", database.ctype},
          {"locale_provider", database.locale_provider},
          {"icu_locale", database.icu_locale},
          {"size_bytes", database.size_bytes}};
}

DatabaseProperties database_from_json(const json& from) {
  DatabaseProperties database;
  database.name = text_from_json(from.at("name"));
  database.owner = text_from_json(from.at("owner"));
  database.encoding = from.at("encoding").get<std::string>();
  database.collate = from.at("collate").get<std::string>();
  database.ctype = from.at("ctype").get<std::string>();
  database.locale_provider = from.at("locale_provider").get<std::string>();
  database.icu_locale = from.at("icu_locale").get<std::string>();
  database.size_bytes = static_cast<std::int64_t>(
      count_from_json(from.at("size_bytes"), std::numeric_limits<std::int64_t>::max()));
  return database;
}

json to_json(const pg::Fingerprint& fingerprint) {
  json tables = json::array();
  for (const auto& table : fingerprint.tables) {
    tables.push_back({{"schema", text_to_json(table.schema)},
                      {"table", text_to_json(table.table)},
                      {"copy", text_to_json(table.copy_statement)},
                      {"rows", table.rows},
                      {"bytes", table.bytes},
                      {"hash", table.hash}});
  }
  const auto& header = fingerprint.header;
  return {{"hash_function", "sum-xxh3-128"},
          {"archive_version", fmt::format("{}.{}.{}", header.version.major_version,
                                          header.version.minor_version, header.version.revision)},
          {"archive_server_version", header.server_version},
          {"archive_dump_version", header.dump_version},
          {"archive_bytes", fingerprint.archive_bytes},
          {"client_encoding", fingerprint.client_encoding},
          {"tables", tables},
          {"large_objects",
           {{"count", fingerprint.large_objects.count},
            {"bytes", fingerprint.large_objects.bytes},
            {"hash", fingerprint.large_objects.hash}}}};
}

json to_json(const PhysicalProperties& physical) {
  json tablespaces = json::array();
  for (const auto& tablespace : physical.tablespaces)
    tablespaces.push_back({{"oid", tablespace.oid}, {"path", text_to_json(tablespace.path)}});
  json bad_pages = json::array();
  for (const auto& page : physical.bad_pages)
    bad_pages.push_back({{"file", text_to_json(page.file)}, {"block", page.block}});
  return {{"start_lsn", pg::to_text(physical.start)},
          {"stop_lsn", pg::to_text(physical.stop)},
          {"stopped_at", catalog::time_text(physical.stopped_at)},
          {"timeline", physical.timeline},
          {"wal_segment_size", physical.wal_segment_size},
          {"page_checksums", physical.page_checksums},
          {"files", physical.files},
          {"cluster_bytes", physical.cluster_bytes},
          {"tablespaces", tablespaces},
          {"bad_pages", bad_pages}};
}

json to_json(const ExportProperties& config) {
  return {{"version", config.version}, {"sections", config.sections}, {"failed", config.failed}};
}

ExportProperties export_from_json(const json& from) {
  ExportProperties config;
  config.version =
      static_cast<int>(count_from_json(from.at("version"), std::numeric_limits<int>::max()));
  config.sections = from.at("sections").get<std::vector<std::string>>();
  config.failed = from.at("failed").get<std::vector<std::string>>();
  return config;
}

pg::Lsn lsn_from_json(const json& from) {
  const auto& text = from.get_ref<const std::string&>();
  if (const auto lsn = pg::parse_lsn(text)) return *lsn;
  throw Error{ErrorKind::damaged, fmt::format("{} is no LSN", util::quoted(text))};
}

PhysicalProperties physical_from_json(const json& from) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  PhysicalProperties physical;
  physical.start = lsn_from_json(from.at("start_lsn"));
  physical.stop = lsn_from_json(from.at("stop_lsn"));
  physical.stopped_at = util::parse_time(from.at("stopped_at").get_ref<const std::string&>());
  physical.timeline = static_cast<std::uint32_t>(count_from_json(from.at("timeline"), most));
  const auto segment_size = count_from_json(from.at("wal_segment_size"), most);
  if (!pg::is_wal_segment_size(segment_size)) {
    throw Error{ErrorKind::damaged, fmt::format("{} is no size of a WAL segment", segment_size)};
  }
  physical.wal_segment_size = static_cast<std::uint32_t>(segment_size);
  physical.page_checksums = from.at("page_checksums").get<bool>();
  physical.files = count_from_json(from.at("files"));
  if (from.contains("cluster_bytes"))
    physical.cluster_bytes = count_from_json(from.at("cluster_bytes"));
  for (const auto& entry : from.at("tablespaces")) {
    physical.tablespaces.push_back(
        {static_cast<std::uint32_t>(count_from_json(entry.at("oid"), most)),
         text_from_json(entry.at("path"))});
  }
  for (const auto& entry : from.at("bad_pages"))
    physical.bad_pages.push_back(
        {text_from_json(entry.at("file")), count_from_json(entry.at("block"))});
  return physical;
}

pg::ArchiveVersion archive_version_from(const std::string& text) {
  pg::ArchiveVersion version;
  if (std::sscanf(text.c_str(), "%d.%d.%d", &version.major_version, &version.minor_version,
                  &version.revision) != 3) {
    throw Error{ErrorKind::damaged,
                fmt::format("{} is not an archive version", util::quoted(text))};
  }
  return version;
}

pg::Fingerprint fingerprint_from_json(const json& from) {
  pg::Fingerprint fingerprint;
  fingerprint.header.version = archive_version_from(from.at("archive_version").get<std::string>());
  fingerprint.header.server_version = from.at("archive_server_version").get<std::string>();
  fingerprint.header.dump_version = from.at("archive_dump_version").get<std::string>();
  fingerprint.archive_bytes = count_from_json(from.at("archive_bytes"));
  fingerprint.client_encoding = from.at("client_encoding").get<std::string>();
  for (const auto& entry : from.at("tables")) {
    pg::TableFingerprint table;
    table.schema = text_from_json(entry.at("schema"));
    table.table = text_from_json(entry.at("table"));
    table.copy_statement = text_from_json(entry.at("copy"));
    table.rows = count_from_json(entry.at("rows"));
    table.bytes = count_from_json(entry.at("bytes"));
    table.hash = entry.at("hash").get<std::string>();
    fingerprint.tables.push_back(std::move(table));
  }
  const auto& objects = from.at("large_objects");
  fingerprint.large_objects.count = count_from_json(objects.at("count"));
  fingerprint.large_objects.bytes = count_from_json(objects.at("bytes"));
  fingerprint.large_objects.hash = objects.at("hash").get<std::string>();
  return fingerprint;
}

Manifest manifest_from_json(const json& from) {
  Manifest manifest;
  manifest.site = from.at("site").get<std::string>();
  manifest.label = from.at("label").get<std::string>();
  manifest.backup_type = from.at("backup_type").get<std::string>();
  manifest.method = from.at("method").get<std::string>();
  manifest.triggered_by = from.at("triggered_by").get<std::string>();
  manifest.host = from.at("host").get<std::string>();
  manifest.bkp_version = from.at("bkp_version").get<std::string>();
  manifest.system_identifier = from.at("system_identifier").get<std::string>();
  manifest.server_version =
      static_cast<int>(count_from_json(from.at("server_version"), std::numeric_limits<int>::max()));
  manifest.dump_version = from.at("dump_version").get<std::string>();
  manifest.started_at = util::parse_time(from.at("started_at").get<std::string>());
  manifest.completed_at = util::parse_time(from.at("completed_at").get<std::string>());
  if (const auto& database = from.at("database"); !database.is_null())
    manifest.database = database_from_json(database);
  if (from.contains("parent")) {
    const auto& parent = from.at("parent");
    manifest.parent = {parent.at("label").get<std::string>(),
                       parent.at("manifest_sha256").get<std::string>()};
  }
  manifest.made_of = from.value("made_of", std::string{});
  if (from.contains("physical")) manifest.physical = physical_from_json(from.at("physical"));
  if (from.contains("config")) manifest.config = export_from_json(from.at("config"));
  for (const auto& part : from.at("parts")) manifest.parts.push_back(part_from_json(part));
  manifest.recipients = from.value("recipients", std::vector<std::string>{});
  const auto& fingerprint = from.at("fingerprint");
  if (fingerprint.is_object()) {
    manifest.fingerprint = fingerprint_from_json(fingerprint);
  } else {
    manifest.fingerprint_missing_reason = from.value("fingerprint_missing_reason", std::string{});
  }
  manifest.warnings = from.at("warnings").get<std::vector<std::string>>();
  return manifest;
}

/// A manifest names the objects that will be fetched, so what it names is checked like any input.
void check_parts(const Manifest& manifest) {
  for (const auto& part : manifest.parts) {
    if (part.name.empty() || part.name.find('/') != std::string::npos ||
        part.name.starts_with('.')) {
      throw Error{ErrorKind::damaged,
                  fmt::format("part name {} is not allowed", util::quoted(part.name))};
    }
    if (part.compression != "zstd" && part.compression != "none") {
      throw Error{ErrorKind::damaged,
                  fmt::format("part {} has an unknown compression {}", util::quoted(part.name),
                              util::quoted(part.compression))};
    }
    if (part.encryption != "age" && part.encryption != "none") {
      throw Error{ErrorKind::damaged,
                  fmt::format("part {} has an unknown encryption {}", util::quoted(part.name),
                              util::quoted(part.encryption))};
    }
  }
  const bool pages = manifest.method == "pages";
  const bool physical = pages || manifest.method == "base";
  const bool archive = manifest.method == "archive";
  if (physical != manifest.physical.has_value() || archive != manifest.config.has_value() ||
      (physical || archive) != manifest.database.name.empty() ||
      pages != manifest.parent.has_value())
    throw Error{ErrorKind::damaged, "what it describes does not fit its method"};
  if (manifest.parts.empty()) throw Error{ErrorKind::damaged, "it names no parts"};
}

}  // namespace

std::uint64_t Manifest::size_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& part : parts) sum += part.size_bytes;
  return sum;
}

std::uint64_t Manifest::original_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& part : parts) sum += part.original_bytes;
  return sum;
}

const Part* Manifest::part(std::string_view role) const {
  for (const auto& part : parts) {
    if (part.role == role) return &part;
  }
  return nullptr;
}

bool Manifest::sealed() const {
  return std::ranges::any_of(parts, [](const auto& part) { return part.encryption == "age"; });
}

std::string to_text(const Manifest& manifest) {
  json parts = json::array();
  for (const auto& part : manifest.parts) parts.push_back(to_json(part));
  nlohmann::ordered_json out;
  out["format"] = format_name;
  out["format_version"] = format_version;
  out["site"] = manifest.site;
  out["label"] = manifest.label;
  out["backup_type"] = manifest.backup_type;
  out["method"] = manifest.method;
  out["triggered_by"] = manifest.triggered_by;
  out["host"] = manifest.host;
  out["bkp_version"] = manifest.bkp_version;
  out["system_identifier"] = manifest.system_identifier;
  out["server_version"] = manifest.server_version;
  out["dump_version"] = manifest.dump_version;
  out["started_at"] = catalog::time_text(manifest.started_at);
  out["completed_at"] = catalog::time_text(manifest.completed_at);
  out["database"] = manifest.database.name.empty() ? json(nullptr) : to_json(manifest.database);
  if (manifest.parent) {
    out["parent"] = {{"label", manifest.parent->label},
                     {"manifest_sha256", manifest.parent->manifest_sha256}};
  }
  if (!manifest.made_of.empty()) out["made_of"] = manifest.made_of;
  if (manifest.physical) out["physical"] = to_json(*manifest.physical);
  if (manifest.config) out["config"] = to_json(*manifest.config);
  out["parts"] = parts;
  out["recipients"] = manifest.recipients;
  if (manifest.fingerprint) {
    out["fingerprint"] = to_json(*manifest.fingerprint);
  } else {
    out["fingerprint"] = "none";
    out["fingerprint_missing_reason"] = manifest.fingerprint_missing_reason;
  }
  out["warnings"] = manifest.warnings;
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Manifest parse_manifest(std::string_view text, std::string_view key, std::string_view site,
                        std::string_view label) {
  const auto damaged = [&](std::string_view why) {
    return Error{ErrorKind::damaged,
                 fmt::format("{} is no valid manifest: {}", util::quoted(key), why),
                 "the backup cannot be trusted; use another copy or another backup"};
  };
  try {
    const json from = json::parse(text);
    if (from.at("format") != format_name) throw damaged("it has another format");
    const auto version = count_from_json(from.at("format_version"));
    if (version > format_version) {
      throw Error{ErrorKind::damaged,
                  fmt::format("{} has format version {}, newer than this bkp knows",
                              util::quoted(key), version),
                  "update bkp"};
    }
    Manifest manifest = manifest_from_json(from);
    check_parts(manifest);
    if (manifest.site != site || manifest.label != label) {
      throw damaged(
          fmt::format("it says it is backup {} of site {}, so it was moved here from there",
                      util::quoted(manifest.label), util::quoted(manifest.site)));
    }
    return manifest;
  } catch (const json::exception& error) {
    throw damaged(error.what());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::damaged && !error.hint().empty()) throw;
    throw damaged(error.message());
  }
}

}  // namespace bkp::backup
