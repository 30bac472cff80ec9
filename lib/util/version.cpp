#include "util/version.hpp"

namespace bkp::util {

std::string_view version() noexcept {
  return BKP_VERSION;
}

}  // namespace bkp::util
