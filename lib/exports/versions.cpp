#include "exports/versions.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "backup/parts.hpp"
#include "backup/repository.hpp"
#include "backup/selection.hpp"
#include "exports/archive.hpp"
#include "run/state.hpp"
#include "stream/hash.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using catalog::BackupRecord;
using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr int state_version = 1;
constexpr auto state_kind = "exports";
constexpr auto state_name = "last.json";

/// "v7"
std::optional<int> version_in(std::string_view name) {
  if (!name.starts_with('v')) return std::nullopt;
  int version = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), version);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return version;
}

}  // namespace

std::vector<BackupRecord> list_exports(run::Context& context) {
  catalog::BackupFilter filter;
  filter.backup_type = "config";
  return backup::list_backups(context, filter);
}

const BackupRecord& select_export(const std::vector<BackupRecord>& newest_first,
                                  std::string_view name) {
  if (newest_first.empty()) {
    throw Error{ErrorKind::not_found, "there is no export of the configuration",
                "take one: `bkp config-export`"};
  }
  const auto version = version_in(name);
  const auto found = std::ranges::find_if(newest_first, [&](const BackupRecord& record) {
    return version && record.export_version == version;
  });
  if (version && found == newest_first.end()) {
    throw Error{ErrorKind::not_found, fmt::format("there is no version {}", util::quoted(name)),
                "`bkp list --type config` shows those there are"};
  }
  const auto& record = version ? *found : backup::select_backup(newest_first, name);
  if (record.good()) return record;
  throw Error{
      ErrorKind::refused,
      fmt::format("{} cannot be read: its status is {}", util::quoted(record.label), record.status),
      "choose a completed one; `bkp list --type config` shows them"};
}

Contents read_export(const backup::Source& source) {
  const auto& manifest = source.manifest();
  const auto* part = manifest.part("config");
  if (part == nullptr) {
    throw Error{ErrorKind::damaged,
                fmt::format("{} has no configuration in it", util::quoted(manifest.label))};
  }
  stream::StringSink tar{2 * largest_export};
  backup::fetch_part(*source.store.store, source.layout, manifest, *part, source.keys, tar);
  return read_archive(tar.text());
}

Contents open_export(run::Context& context, const BackupRecord& record,
                     const run::ReadingKeys& keys) {
  const backup::Layout layout{context.config.site};
  const auto stores = backup::stores_with(context, record, {});
  for (std::size_t i = 0;; ++i) {
    try {
      return read_export(backup::open_source(stores.at(i), layout, record, keys));
    } catch (const Error& error) {
      const bool of_this_copy =
          error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::store;
      if (!of_this_copy || i + 1 == stores.size()) throw;
      context.warn(fmt::format("the copy on store {} is not used: {}", util::quoted(stores[i].name),
                               error.full_message()));
    }
  }
}

std::optional<LastExport> read_last_export(const config::Config& config) {
  try {
    const auto text = util::read_file(run::state_path(config, state_kind) / state_name);
    if (!text) return std::nullopt;
    const auto from = json::parse(*text);
    if (from.at("v") != state_version) return std::nullopt;
    return LastExport{from.at("label").get<std::string>(), from.at("version").get<int>(),
                      from.at("digest").get<std::string>()};
  } catch (const json::exception&) {
  } catch (const Error&) {
  }
  return std::nullopt;
}

void write_last_export(const config::Config& config, const LastExport& last) {
  const json object{{"v", state_version},
                    {"label", last.label},
                    {"version", last.version},
                    {"digest", last.digest}};
  util::write_file_atomically(run::state_directory(config, state_kind) / state_name,
                              object.dump() + "\n");
}

std::string digest_of(const Contents& contents, const config::Config& config) {
  return stream::digests_of(
             fmt::format("{} {}", contents.digest(), fmt::join(config.encryption.recipients, " ")))
      .sha256;
}

std::optional<BackupRecord> same_as_last(const std::vector<BackupRecord>& exports,
                                         const std::optional<LastExport>& last,
                                         const std::string& digest, const config::Config& config) {
  if (!last || last->digest != digest) return std::nullopt;
  const auto found = std::ranges::find(exports, last->label, &BackupRecord::label);
  if (found == exports.end() || !found->good() || found->failed_verification()) return std::nullopt;
  const bool everywhere = std::ranges::all_of(config.stores, [&](const config::Store& store) {
    const auto* copy = found->copy_on(store.name);
    return !store.required || (copy != nullptr && copy->sound());
  });
  return everywhere ? std::optional{*found} : std::nullopt;
}

int next_version(const std::vector<BackupRecord>& exports, const std::optional<LastExport>& last) {
  int newest = last ? last->version : 0;
  for (const auto& record : exports) newest = std::max(newest, record.export_version.value_or(0));
  return newest + 1;
}

}  // namespace bkp::exports
