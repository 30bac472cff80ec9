#include "wal/bringing.hpp"

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::wal {

void bring(store::Store& from, store::Store& to, const std::string& site, const ArchivedName& name,
           const ArchiveKeys& keys) {
  const auto key = archive_key(site, name.name, name.sealing);
  const auto object = to.create(key);
  if (check_stored(from, site, name, keys, *object)) return;
  throw util::Error{util::ErrorKind::damaged,
                    util::quoted(key.text()) + " is gone from " + from.url()};
}

}  // namespace bkp::wal
