#include "config/config.hpp"

#include <algorithm>

namespace bkp::config {

const Store* Config::find_store(std::string_view name) const {
  const auto found = std::ranges::find(stores, name, &Store::name);
  return found == stores.end() ? nullptr : &*found;
}

bool Config::asks_for(std::string_view unsupported_key) const {
  return std::ranges::find(unsupported, unsupported_key, &Unsupported::key) != unsupported.end();
}

}  // namespace bkp::config
