#include "backup/copies.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/copying.hpp"
#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "backup/source.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

/// Whether a store that needs its copy is known to have none.
bool lacks_required_copy(const run::Context& context, const BackupRecord& backup) {
  return std::ranges::any_of(context.config.stores, [&](const auto& store) {
    const auto* copy = backup.copy_on(store.name);
    return store.required && copy != nullptr && copy->state == catalog::status::failed;
  });
}

}  // namespace

BroughtCopy bring_copy(run::Context& context, const Layout& layout, BackupRecord& backup,
                       const run::NamedStore& to, run::ReadingKeys keys,
                       const std::string& only_from) {
  auto sources = stores_with(context, backup, only_from);
  std::erase_if(sources, [&](const auto& source) { return source.name == to.name; });
  keys.identity_files.clear();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    try {
      require_site_file(*sources[i].store, layout, "");
      const auto source = open_source(sources[i], layout, backup, keys);
      copy_backup(context, layout, source.backup, *sources[i].store, *to.store);
      note_copy(context, layout, backup, to, sources[i].name);
      return {backup.label, sources[i].name, to.name, source.manifest().size_bytes()};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::damaged || i + 1 == sources.size()) throw;
      context.warn(fmt::format("trying the copy on store {}: {}", util::quoted(sources[i + 1].name),
                               error.full_message()));
    }
  }
  throw Error{ErrorKind::not_found,
              fmt::format("no other store has {}", util::quoted(backup.label)),
              "`bkp show` names the stores it is on"};
}

void note_copy(run::Context& context, const Layout& layout, BackupRecord& backup,
               const run::NamedStore& to, const std::string& from) {
  const auto stored = read_backup(*to.store, layout, backup.label);
  if (!stored) return;
  const auto found = to_record(*stored, layout, to.name, to.store->url());
  std::erase_if(backup.copies, [&](const auto& copy) { return copy.store == to.name; });
  backup.copies.push_back(found.copies.front());
  if (backup.status == catalog::status::partial && !lacks_required_copy(context, backup)) {
    backup.status = catalog::status::completed;
    backup.error_message.clear();
  }
  // Of what is read from the stores alone nobody can tell what the catalog knows to be missing.
  if (context.recorder.online()) {
    context.recorder.save_backup(backup);
  } else {
    context.recorder.import_backup(found);
  }
  context.recorder.audit({.action = "copy",
                          .subject = backup.label,
                          .details = {{"from", from}, {"to", to.name}},
                          .at = context.clock.now()});
}

}  // namespace bkp::backup
