#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace bkp::pg {

/// A number of PostgreSQL's own files, in this machine's byte order as PostgreSQL writes it. The
/// caller has seen to it that there are enough bytes.
template <class T>
T read_at(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace bkp::pg
