#include "config/config.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::config {

const Store& Config::store(std::string_view name) const {
  const auto found = std::ranges::find(stores, name, &Store::name);
  if (found != stores.end()) return *found;
  std::string all;
  for (const auto& store : stores) all += (all.empty() ? "" : ", ") + store.name;
  throw util::Error{util::ErrorKind::not_found,
                    fmt::format("there is no store {}", util::quoted(name)),
                    fmt::format("the configuration has: {}", all)};
}

bool Config::asks_for(std::string_view unsupported_key) const {
  return std::ranges::find(unsupported, unsupported_key, &Unsupported::key) != unsupported.end();
}

}  // namespace bkp::config
