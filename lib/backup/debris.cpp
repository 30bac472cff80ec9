#include "backup/debris.hpp"

#include <algorithm>
#include <map>

namespace bkp::backup {

std::vector<std::string> remove_debris(store::Store& store, const Layout& layout) {
  store.remove_unfinished(layout.root());
  std::map<std::string, std::vector<std::string>> keys_by_label;
  for (auto& object : store.list(layout.backups())) {
    const std::string label = layout.label_of(object.key);
    if (!label.empty()) keys_by_label[label].push_back(std::move(object.key));
  }
  std::vector<std::string> removed;
  for (const auto& [label, keys] : keys_by_label) {
    if (std::find(keys.begin(), keys.end(), layout.manifest(label).text()) != keys.end()) continue;
    for (const auto& key : keys) store.remove(store::Key{key});
    removed.push_back(label);
  }
  return removed;
}

}  // namespace bkp::backup
