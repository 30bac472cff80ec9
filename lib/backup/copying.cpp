#include "backup/copying.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/debris.hpp"
#include "backup/marks.hpp"
#include "backup/parts.hpp"
#include "stream/hash.hpp"
#include "stream/rate_limit.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

namespace {

/// An interrupt is nobody's fault.
template <class Body>
decltype(auto) on_target(Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    throw TargetError{error};
  }
}

/// Tells the errors of the object that is written from those of what is read.
class TargetSink final : public stream::Sink {
 public:
  explicit TargetSink(std::unique_ptr<stream::Sink> object) : m_object{std::move(object)} {}
  void write(std::span<const std::byte> data) override {
    on_target([&] { m_object->write(data); });
  }
  void finish() override {
    on_target([&] { m_object->finish(); });
  }
  void abort() noexcept override { m_object->abort(); }

 private:
  std::unique_ptr<stream::Sink> m_object;
};

void copy_part(run::Context& context, const Layout& layout, const Manifest& manifest,
               const Part& part, store::Store& from, store::Store& to) {
  TargetSink object{on_target([&] { return to.create(layout.part(manifest.label, part.name)); })};
  stream::ObservingSink meter{object, [&](std::size_t bytes) {
                                context.interrupt.check();
                                context.progress.advance(bytes);
                              }};
  stream::RateLimitSink limited{meter, context.config.limits.rate, context.clock};
  fetch_stored_part(from, layout, manifest, part, limited, stream::DigestSet::md5_and_sha256);
}

void put(const store::Key& key, const std::string& text, store::Store& to) {
  on_target([&] { store::put_text(to, key, text); });
}

/// A small object, where there is one.
void copy_object(const store::Key& key, store::Store& from, store::Store& to) {
  if (const auto text = store::get_text(from, key)) put(key, *text, to);
}

template <class Copy>
void copy_marks(const Layout& layout, const std::string& label, store::Store& from,
                const Copy& copy, store::Store& to) {
  for (const auto& mark : from.list(layout.marks(label))) {
    // A removal that was broken off there is none here.
    if (!is_pruned_mark(mark.key)) copy(store::Key{mark.key}, from, to);
  }
}

/// The very manifest that was read and judged.
std::string manifest_text(const store::Key& key, const StoredBackup& backup, store::Store& from) {
  const auto text = store::get_text(from, key);
  if (!text || stream::digests_of(*text).sha256 != backup.manifest_sha256) {
    throw Error{ErrorKind::damaged,
                fmt::format("{} on {} is not what it was a moment ago", util::quoted(key.text()),
                            from.url()),
                "find out what writes to that store"};
  }
  return *text;
}

/// Who took the lock that this run had lost may have cleared away what looked like remains.
void require_parts(const Layout& layout, const Manifest& manifest, store::Store& to) {
  for (const auto& part : manifest.parts) {
    const auto key = layout.part(manifest.label, part.name);
    const auto found = on_target([&] { return to.stat(key); });
    if (found && found->size == part.size_bytes) continue;
    throw TargetError{
        Error{ErrorKind::store,
              fmt::format("{} on {} went away meanwhile", util::quoted(key.text()), to.url()),
              "find out what else writes to that store"}};
  }
}

}  // namespace

void copy_objects(run::Context& context, const Layout& layout, const StoredBackup& backup,
                  store::Store& from, store::Store& to) {
  const auto& manifest = backup.manifest;
  const auto& label = manifest.label;
  RemovedObjects ignored;
  on_target([&] { remove_objects(to, layout, label, ignored); });
  const run::ProgressStep step{context.progress, "copying " + label, manifest.size_bytes()};
  try {
    for (const auto& part : manifest.parts) copy_part(context, layout, manifest, part, from, to);
    copy_object(layout.part(label, "runbook.html"), from, to);
    copy_marks(layout, label, from, copy_object, to);
    copy_object(layout.signature(label), from, to);
    require_parts(layout, manifest, to);
    const auto key = layout.manifest(label);
    put(key, manifest_text(key, backup, from), to);
  } catch (...) {
    try {
      remove_objects(to, layout, label, ignored);
    } catch (const Error& error) {
      context.log.debug("what was copied of {} stays on {}: {}", util::printable(label), to.url(),
                        error.full_message());
    }
    throw;
  }
}

namespace {

/// Reads the whole part.
void prove(run::Context& context, const Layout& layout, const Manifest& manifest, const Part& part,
           store::Store& store) {
  stream::NullSink nowhere;
  stream::ObservingSink watched{nowhere, [&](std::size_t) { context.interrupt.check(); }};
  stream::RateLimitSink limited{watched, context.config.limits.rate, context.clock};
  fetch_stored_part(store, layout, manifest, part, limited, stream::DigestSet::md5_and_sha256);
}

bool is_sound(run::Context& context, const Layout& layout, const Manifest& manifest,
              const Part& part, store::Store& store) {
  try {
    prove(context, layout, manifest, part, store);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    return false;
  }
}

/// False when there was nothing to do.
bool mend_part(run::Context& context, const Layout& layout, const Manifest& manifest,
               const Part& part, store::Store& from, store::Store& to) {
  const auto key = layout.part(manifest.label, part.name);
  if (on_target([&] { return to.stat(key); })) {
    if (on_target([&] { return is_sound(context, layout, manifest, part, to); })) return false;
    prove(context, layout, manifest, part, from);
    on_target([&] { to.remove(key); });
  }
  copy_part(context, layout, manifest, part, from, to);
  on_target([&] { prove(context, layout, manifest, part, to); });
  return true;
}

/// A small object, where only `from` has it.
void add_object(const store::Key& key, store::Store& from, store::Store& to) {
  if (!on_target([&] { return to.stat(key); })) copy_object(key, from, to);
}

/// The same of a small object.
bool mend_text(const store::Key& key, const std::string& text, store::Store& to) {
  return on_target([&] {
    if (store::get_text(to, key) == text) return false;
    store::replace_text(to, key, text);
    return true;
  });
}

}  // namespace

bool can_be_mended(const Layout& layout, const std::string& label, store::Store& to) {
  const auto objects = on_target([&] { return to.list(layout.backup(label)); });
  return !objects.empty() && std::ranges::none_of(objects, [](const auto& object) {
    return is_pruned_mark(object.key);
  });
}

std::vector<std::string> mend_objects(run::Context& context, const Layout& layout,
                                      const StoredBackup& backup, store::Store& from,
                                      store::Store& to) {
  const auto& manifest = backup.manifest;
  const auto& label = manifest.label;
  std::vector<std::string> replaced;
  const auto note = [&](bool changed, const store::Key& key) {
    if (changed) replaced.emplace_back(key.name());
  };
  const run::ProgressStep step{context.progress, "mending " + label, manifest.size_bytes()};
  for (const auto& part : manifest.parts) {
    note(mend_part(context, layout, manifest, part, from, to), layout.part(label, part.name));
  }
  if (const auto signature = store::get_text(from, layout.signature(label)))
    note(mend_text(layout.signature(label), *signature, to), layout.signature(label));
  add_object(layout.part(label, "runbook.html"), from, to);
  copy_marks(layout, label, from, add_object, to);
  require_parts(layout, manifest, to);
  const auto key = layout.manifest(label);
  note(mend_text(key, manifest_text(key, backup, from), to), key);
  if (!replaced.empty()) {
    on_target([&] {
      write_mark(to, layout, label, "intact", context.clock.now(), {{"level", "checksum"}});
    });
  }
  return replaced;
}

}  // namespace bkp::backup
