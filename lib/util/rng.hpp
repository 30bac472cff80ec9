#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace bkp::util {

/// Fills `bytes` from the kernel's generator, getrandom(2).
void random_bytes(std::span<std::byte> bytes);

/// `bytes` random bytes as lower-case hex: for names of temporary files.
std::string random_hex(std::size_t bytes);

/// A random UUID, RFC 9562 version 4.
std::string random_uuid();

}  // namespace bkp::util
