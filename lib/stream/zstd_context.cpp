#include "stream/zstd_context.hpp"

#include <new>

#include <fmt/format.h>

#include "util/error.hpp"

namespace bkp::stream {

using util::Error;
using util::ErrorKind;

ZstdContext::ZstdContext(int level) {
  if (level < 1 || level > 19)
    throw Error{ErrorKind::internal, fmt::format("zstd: level {} is out of range", level)};
  if (!m_context) throw std::bad_alloc{};
  set(ZSTD_c_compressionLevel, level);
  set(ZSTD_c_checksumFlag, 1);
}

void ZstdContext::set(ZSTD_cParameter parameter, int value) {
  check(ZSTD_CCtx_setParameter(m_context.get(), parameter, value));
}

std::size_t ZstdContext::check(std::size_t code) {
  if (ZSTD_isError(code) == 0U) return code;
  throw Error{ErrorKind::internal, fmt::format("zstd: {}", ZSTD_getErrorName(code))};
}

}  // namespace bkp::stream
