#pragma once

#include <cstdint>
#include <string_view>

namespace bkp::pg {

/// The key of an advisory lock for what `text` names: the first 8 bytes of its SHA-256, big-endian.
std::int64_t advisory_key(std::string_view text);

}  // namespace bkp::pg
