#include "backup/copying.hpp"

#include <fmt/format.h>

#include "backup/debris.hpp"
#include "backup/marks.hpp"
#include "backup/parts.hpp"
#include "stream/hash.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

namespace {

void copy_part(run::Context& context, const Layout& layout, const Manifest& manifest,
               const Part& part, store::Store& from, store::Store& to) {
  const auto object = to.create(layout.part(manifest.label, part.name));
  stream::ObservingSink meter{*object, [&](std::size_t bytes) {
                                context.interrupt.check();
                                context.progress.advance(bytes);
                              }};
  fetch_stored_part(from, layout, manifest, part, meter, stream::DigestSet::md5_and_sha256);
}

/// A small object, where there is one.
void copy_object(const store::Key& key, store::Store& from, store::Store& to) {
  if (const auto text = store::get_text(from, key)) store::put_text(to, key, *text);
}

/// The very manifest that was read and judged.
void copy_manifest(const store::Key& key, const StoredBackup& backup, store::Store& from,
                   store::Store& to) {
  const auto text = store::get_text(from, key);
  if (!text || stream::digests_of(*text).sha256 != backup.manifest_sha256) {
    throw util::Error{util::ErrorKind::damaged,
                      fmt::format("{} on {} is not what it was a moment ago",
                                  util::quoted(key.text()), from.url()),
                      "find out what writes to that store"};
  }
  store::put_text(to, key, *text);
}

}  // namespace

void copy_backup(run::Context& context, const Layout& layout, const StoredBackup& backup,
                 store::Store& from, store::Store& to) {
  const auto& manifest = backup.manifest;
  const auto& label = manifest.label;
  RemovedObjects ignored;
  remove_objects(to, layout, label, ignored);
  const run::ProgressStep step{context.progress, "copying " + label, manifest.size_bytes()};
  try {
    for (const auto& part : manifest.parts) copy_part(context, layout, manifest, part, from, to);
    copy_object(layout.part(label, "runbook.html"), from, to);
    for (const auto& mark : from.list(layout.marks(label))) {
      // A removal that was broken off there is none here.
      if (!is_pruned_mark(mark.key)) copy_object(store::Key{mark.key}, from, to);
    }
    copy_object(layout.signature(label), from, to);
    copy_manifest(layout.manifest(label), backup, from, to);
  } catch (...) {
    try {
      remove_objects(to, layout, label, ignored);
    } catch (const util::Error& error) {
      context.log.debug("what was copied of {} stays on {}: {}", util::printable(label), to.url(),
                        error.full_message());
    }
    throw;
  }
}

}  // namespace bkp::backup
