#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <openssl/crypto.h>

namespace bkp::seal {

/// Key material of N bytes: wiped from memory at its end, and printed by nobody.
template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { OPENSSL_cleanse(m_bytes.data(), N); }

  std::span<std::byte, N> bytes() { return m_bytes; }
  std::span<const std::byte, N> bytes() const { return m_bytes; }

 private:
  std::array<std::byte, N> m_bytes{};
};

}  // namespace bkp::seal
