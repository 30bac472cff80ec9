#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::seal {

/// Bech32, BIP 173, with no limit on the length. Keys of age are written so: "age1…" and
/// "AGE-SECRET-KEY-1…".
struct Bech32 {
  std::string prefix;  ///< in lower case
  std::vector<std::byte> data;
};

/// Lower case. `prefix` is lower case.
std::string to_bech32(std::string_view prefix, std::span<const std::byte> data);

/// All lower or all upper case. nullopt for anything else, a wrong checksum, or bits that are left
/// over and not zero.
std::optional<Bech32> from_bech32(std::string_view text);

}  // namespace bkp::seal
