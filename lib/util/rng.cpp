#include "util/rng.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <vector>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::util {

void random_bytes(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw Error::from_errno(ErrorKind::internal, "cannot get random bytes", errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::string random_hex(std::size_t bytes) {
  std::vector<std::byte> random(bytes);
  random_bytes(random);
  return to_hex(random);
}

std::string random_uuid() {
  std::array<std::byte, 16> random;
  random_bytes(random);
  random[6] = (random[6] & std::byte{0x0F}) | std::byte{0x40};
  random[8] = (random[8] & std::byte{0x3F}) | std::byte{0x80};
  std::string text = to_hex(random);
  for (const std::size_t position : {20U, 16U, 12U, 8U}) text.insert(position, 1, '-');
  return text;
}

}  // namespace bkp::util
