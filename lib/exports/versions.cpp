#include "exports/versions.hpp"

#include <algorithm>

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
  const auto& record = backup::select_backup(newest_first, name);
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

bool is_whole_on(const run::NamedStore& store, const std::string& site, const std::string& label) {
  const backup::Layout layout{site};
  try {
    const auto found = backup::read_backup(*store.store, layout, label);
    return found && std::ranges::all_of(found->manifest.parts, [&](const backup::Part& part) {
             const auto object = store.store->stat(layout.part(label, part.name));
             return object && object->size == part.size_bytes;
           });
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return false;
  }
}

std::optional<BackupRecord> same_as_last(const std::vector<BackupRecord>& exports,
                                         const std::optional<LastExport>& last,
                                         const std::string& digest, const std::string& site,
                                         const std::vector<run::NamedStore>& stores) {
  if (!last || last->digest != digest) return std::nullopt;
  const auto found = std::ranges::find(exports, last->label, &BackupRecord::label);
  if (found == exports.end() || !found->good() || found->failed_verification()) return std::nullopt;
  // The store is the truth, not the catalog.
  const bool everywhere = std::ranges::all_of(stores, [&](const run::NamedStore& store) {
    const auto* copy = found->copy_on(store.name);
    return copy != nullptr && copy->sound() && is_whole_on(store, site, found->label);
  });
  return everywhere ? std::optional{*found} : std::nullopt;
}

int next_version(const std::vector<BackupRecord>& exports, const std::optional<LastExport>& last) {
  int newest = last ? last->version : 0;
  for (const auto& record : exports) newest = std::max(newest, record.export_version.value_or(0));
  return newest + 1;
}

}  // namespace bkp::exports
