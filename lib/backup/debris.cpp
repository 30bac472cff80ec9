#include "backup/debris.hpp"

#include <algorithm>
#include <map>

namespace bkp::backup {

std::vector<std::string> remove_debris(store::Store& store, const Layout& layout) {
  store.remove_unfinished(layout.root());
  std::map<std::string, std::vector<store::Key>> keys_by_label;
  for (const auto& object : store.list(layout.backups())) {
    const std::string label = layout.label_of(object.key);
    if (!label.empty()) keys_by_label[label].emplace_back(object.key);
  }
  std::vector<std::string> removed;
  for (const auto& [label, keys] : keys_by_label) {
    if (std::find(keys.begin(), keys.end(), layout.manifest(label)) != keys.end()) continue;
    store.remove_all(keys);
    removed.push_back(label);
  }
  return removed;
}

void remove_backup(store::Store& store, const Layout& layout, const std::string& label,
                   RemovedObjects& removed) {
  auto objects = store.list(layout.backup(label));
  const auto manifest = layout.manifest(label).text();
  std::stable_partition(objects.begin(), objects.end(),
                        [&](const auto& object) { return object.key == manifest; });
  for (const auto& object : objects) {
    if (!store.remove(store::Key{object.key})) continue;
    removed.bytes += object.size;
    ++removed.objects;
  }
}

}  // namespace bkp::backup
