#include "wal/required_store.hpp"

#include <algorithm>

namespace bkp::wal {

bool is_required(const config::Config& config, std::string_view store) {
  const auto& stores = config.stores;
  const auto found = std::ranges::find(stores, store, &config::Store::name);
  if (found == stores.end()) return false;
  return std::ranges::any_of(stores, &config::Store::required) ? found->required
                                                               : found == stores.begin();
}

}  // namespace bkp::wal
