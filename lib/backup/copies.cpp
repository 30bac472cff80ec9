#include "backup/copies.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "backup/copying.hpp"
#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "backup/source.hpp"
#include "util/advice.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

std::vector<run::NamedStore> sources_of(const BackupRecord& backup,
                                        std::vector<run::NamedStore> stores,
                                        const run::NamedStore& to) {
  std::erase_if(stores, [&](const auto& store) {
    return store.name == to.name || backup.complete_copy_on(store.name) == nullptr;
  });
  put_sound_first(backup, stores);
  return stores;
}

std::vector<std::string> required_stores(const run::Context& context) {
  std::vector<std::string> names;
  for (const auto& store : context.config.stores) {
    if (store.required) names.push_back(store.name);
  }
  return names;
}

std::uint64_t bytes_of(const Manifest& manifest, const std::vector<std::string>& names) {
  std::uint64_t bytes = 0;
  for (const auto& part : manifest.parts) {
    if (std::ranges::find(names, part.name) != names.end()) bytes += part.size_bytes;
  }
  return bytes;
}

void enter_copy(run::Context& context, const Layout& layout, BackupRecord& backup,
                const run::NamedStore& to, const std::string& from,
                const std::vector<std::string>& replaced) {
  const auto stored = read_backup(*to.store, layout, backup.label);
  if (!stored) {
    throw Error{ErrorKind::damaged,
                fmt::format("the manifest of {} is not on store {} after all",
                            util::quoted(backup.label), util::quoted(to.name)),
                "find out what else writes to that store"};
  }
  const auto found = to_record(*stored, layout, to.name, to.store->url());
  std::erase_if(backup.copies, [&](const auto& copy) { return copy.store == to.name; });
  backup.copies.push_back(found.copies.front());
  const auto required = required_stores(context);
  if (backup.status == catalog::status::partial &&
      std::ranges::none_of(required,
                           [&](const auto& name) { return backup.copy_failed_on(name); })) {
    backup.status = catalog::status::completed;
    backup.error_message.clear();
  }
  context.recorder.import_backup(found);
  context.recorder.complete_backup(backup.label, required);
  context.recorder.audit(
      {.action = "copy",
       .subject = backup.label,
       .details = {{"from", from.empty() ? nlohmann::json() : nlohmann::json(from)},
                   {"to", to.name},
                   {"replaced", replaced}},
       .at = context.clock.now()});
}

}  // namespace

bool is_to_be_mended(const Layout& layout, const BackupRecord& backup, const run::NamedStore& to) {
  return backup.complete_copy_on(to.name) != nullptr &&
         can_be_mended(layout, backup.label, *to.store);
}

BroughtCopy bring_copy(run::Context& context, const Layout& layout, BackupRecord& backup,
                       const std::vector<run::NamedStore>& stores, const run::NamedStore& to,
                       run::ReadingKeys keys) {
  const auto sources = sources_of(backup, stores, to);
  keys.identity_files.clear();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    try {
      require_site_file(*sources[i].store, layout, "");
      const auto source = open_source(sources[i], layout, backup, keys);
      BroughtCopy brought{.label = backup.label,
                          .from = sources[i].name,
                          .to = to.name,
                          .bytes = source.manifest().size_bytes(),
                          .mended = is_to_be_mended(layout, backup, to),
                          .replaced = {}};
      if (brought.mended) {
        brought.replaced =
            mend_objects(context, layout, source.backup, *sources[i].store, *to.store);
        brought.bytes = bytes_of(source.manifest(), brought.replaced);
      } else {
        copy_objects(context, layout, source.backup, *sources[i].store, *to.store);
      }
      enter_copy(context, layout, backup, to, sources[i].name, brought.replaced);
      return brought;
    } catch (const TargetError&) {
      throw;
    } catch (const Error& error) {
      const bool of_source = error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::store;
      if (!of_source || i + 1 == sources.size()) throw;
      context.warn(fmt::format("trying the copy on store {}: {}", util::quoted(sources[i + 1].name),
                               util::with_hint(error)));
    }
  }
  throw Error{ErrorKind::not_found,
              fmt::format("no other store has {}", util::quoted(backup.label)),
              "`bkp show` names the stores it is on"};
}

void note_copy(run::Context& context, const Layout& layout, BackupRecord& backup,
               const run::NamedStore& to) {
  enter_copy(context, layout, backup, to, "", {});
}

}  // namespace bkp::backup
