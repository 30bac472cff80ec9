#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::util {

/// Base 64 with the standard alphabet, RFC 4648, section 4; without '=' where `padding` is none.
enum class Base64Padding { present, none };

std::string to_base64(std::span<const std::byte> data, Base64Padding padding);

/// nullopt for whatever to_base64() would not have written: other characters (line breaks too),
/// wrong padding, bits that are left over and not zero.
std::optional<std::vector<std::byte>> from_base64(std::string_view text, Base64Padding padding);

}  // namespace bkp::util
