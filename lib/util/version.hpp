#pragma once

#include <string_view>

namespace bkp::util {

/// "0.1.0"
std::string_view version() noexcept;

}  // namespace bkp::util
