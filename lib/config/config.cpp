#include "config/config.hpp"

#include <algorithm>

namespace bkp::config {

bool Config::asks_for(std::string_view unsupported_key) const {
  return std::ranges::find(unsupported, unsupported_key, &Unsupported::key) != unsupported.end();
}

}  // namespace bkp::config
