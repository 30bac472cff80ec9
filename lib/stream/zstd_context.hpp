#pragma once

#include <zstd.h>

#include <cstddef>
#include <memory>

namespace bkp::stream {

/// What compresses in libzstd: for the sinks that do so, not for those who use them.
class ZstdContext {
 public:
  /// Level 1..19; frames get a content checksum. Errors: Error{internal}.
  explicit ZstdContext(int level);

  void set(ZSTD_cParameter parameter, int value);
  ZSTD_CCtx* get() const { return m_context.get(); }

  /// Throws what zstd means by `code`; otherwise returns it.
  static std::size_t check(std::size_t code);

 private:
  struct Deleter {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Deleter> m_context{ZSTD_createCCtx()};
};

}  // namespace bkp::stream
