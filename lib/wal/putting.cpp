#include "wal/putting.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/archive_key.hpp"
#include "wal/decoding.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

// Whoever pushes need not be able to open or to trust.
const ArchiveKeys no_keys{{}, {}, true};

Sealing other(Sealing sealing) {
  return sealing == Sealing::age ? Sealing::none : Sealing::age;
}

bool same_content(const Description& a, const Description& b) {
  return a.system_identifier == b.system_identifier && a.original_bytes == b.original_bytes &&
         a.original_xxh3 == b.original_xxh3;
}

Error other_content(const store::Store& store, const store::Key& key, const Description& there) {
  return {
      ErrorKind::damaged,
      fmt::format("{} is on {} already, with other content: archived {} on {}",
                  util::quoted(key.text()), store.url(), util::format_rfc3339(there.archived_at),
                  util::quoted(there.host)),
      "nothing was overwritten. Two servers archive to the same site: a copy of this one, or an "
      "old primary that is still running; give each its own `site`, or stop the one that is "
      "wrong. Or somebody pushed it by hand before the server had finished it: then remove that "
      "object from each store, and this server archives it again"};
}

enum class Present {
  none,
  same,     ///< what is there holds the same
  removed,  ///< it did, was damaged, and has been removed
};

/// Throws Error{damaged} for everything else that is there.
Present compare_with(store::Store& store, const EncodedFile& file, const ArchivedName& name) {
  const auto& ours = file.description();
  const auto key = archive_key(ours.site, name.name, name.sealing);
  try {
    const auto there = check_stored(store, ours.site, name, no_keys);
    if (!there) return Present::none;
    if (same_content(*there, ours)) return Present::same;
    throw other_content(store, key, *there);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    std::optional<Description> head;
    try {
      head = describe(store, ours.site, name, no_keys);
    } catch (const Error&) {
      throw error;
    }
    if (!head || !same_content(*head, ours)) throw;
    store.remove(key);
    return Present::removed;
  }
}

}  // namespace

bool put(store::Store& store, const EncodedFile& file, Sealing sealing) {
  const auto& description = file.description();
  // What was archived before the site began, or ceased, to seal has another key.
  if (compare_with(store, file, {description.name, other(sealing)}) == Present::same) return false;
  const ArchivedName name{description.name, sealing};
  constexpr int attempts = 2;
  for (int attempt = 1;; ++attempt) {
    try {
      const auto object = store.create(archive_key(description.site, name.name, sealing));
      file.write_to(*object);
      object->finish();
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::store) throw;
      const auto present = compare_with(store, file, name);
      if (present == Present::same) return false;
      if (present == Present::none || attempt == attempts) throw;
    }
  }
}

}  // namespace bkp::wal
