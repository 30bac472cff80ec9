#include "wal/inventory.hpp"

namespace bkp::wal {

Inventory read_inventory(store::Store& store, const std::string& site) {
  Inventory inventory;
  for (auto& object : store.list(archive_root(site))) {
    const store::Key key{object.key};
    auto archived = parse_archived_name(key.name());
    if (!archived || archive_key(site, archived->name, archived->sealing) != key) {
      inventory.strange.push_back(std::move(object.key));
      continue;
    }
    auto name = archived->name;
    inventory.files.insert_or_assign(
        std::move(name), ArchivedFile{std::move(*archived), object.size, object.modified});
  }
  return inventory;
}

std::optional<ArchivedName> find_archived(store::Store& store, const std::string& site,
                                          const std::string& name) {
  for (const auto sealing : {Sealing::none, Sealing::age}) {
    if (store.stat(archive_key(site, name, sealing))) return ArchivedName{name, sealing};
  }
  return std::nullopt;
}

}  // namespace bkp::wal
