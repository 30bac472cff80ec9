#include "stream/zstd.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stream/zstd_context.hpp"
#include "util/error.hpp"

namespace bkp::stream {

namespace {

using util::Error;
using util::ErrorKind;

struct DecompressDeleter {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

// Large enough that the stages behind are called seldom, small enough to stay in the cache.
constexpr std::size_t buffer_size = std::size_t{256} << 10U;

/// Beside the caller's: none for one thread, or where the library was built without.
int workers(int threads) {
  const int wanted =
      threads > 0 ? threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (wanted == 1) return 0;
  const ZSTD_bounds bounds = ZSTD_cParam_getBounds(ZSTD_c_nbWorkers);
  return ZSTD_isError(bounds.error) != 0U ? 0 : std::min(wanted, bounds.upperBound);
}

Error damaged(std::string what) {
  return Error{ErrorKind::damaged, "the compressed data is damaged: " + std::move(what)};
}

}  // namespace

struct ZstdCompressSink::State {
  explicit State(int level) : context{level} {}

  ZstdContext context;
  std::vector<std::byte> buffer = std::vector<std::byte>(buffer_size);
  std::size_t filled = 0;
  bool ended = false;

  /// Takes input until there is none left or (for ZSTD_e_end) the frame is complete.
  void run(std::span<const std::byte> data, ZSTD_EndDirective directive, Sink& next) {
    ZSTD_inBuffer in{data.data(), data.size(), 0};
    for (bool done = false; !done;) {
      ZSTD_outBuffer out{buffer.data(), buffer.size(), filled};
      const std::size_t remaining =
          ZstdContext::check(ZSTD_compressStream2(context.get(), &out, &in, directive));
      filled = out.pos;
      done = directive == ZSTD_e_end ? remaining == 0 : in.pos == in.size;
      if (filled == buffer.size() || (done && directive == ZSTD_e_end)) {
        next.write(std::span{buffer}.first(std::exchange(filled, 0)));
      }
    }
  }
};

ZstdCompressSink::ZstdCompressSink(Sink& next, int level, int threads)
    : m_next{next}, m_state{std::make_unique<State>(level)} {
  if (threads < 0)
    throw Error{ErrorKind::internal, fmt::format("zstd: {} threads are out of range", threads)};
  m_state->context.set(ZSTD_c_nbWorkers, workers(threads));
}

ZstdCompressSink::~ZstdCompressSink() {
  ZstdCompressSink::abort();
}

void ZstdCompressSink::write(std::span<const std::byte> data) {
  if (!data.empty()) m_state->run(data, ZSTD_e_continue, m_next);
}

void ZstdCompressSink::finish() {
  m_state->run({}, ZSTD_e_end, m_next);
  m_next.finish();
  m_state->ended = true;
}

void ZstdCompressSink::abort() noexcept {
  if (!std::exchange(m_state->ended, true)) m_next.abort();
}

struct ZstdDecompressSink::State {
  std::unique_ptr<ZSTD_DCtx, DecompressDeleter> context{ZSTD_createDCtx()};
  std::vector<std::byte> buffer = std::vector<std::byte>(buffer_size);
  bool any_frame = false;
  bool in_frame = false;
  bool ended = false;
};

ZstdDecompressSink::ZstdDecompressSink(Sink& next)
    : m_next{next}, m_state{std::make_unique<State>()} {
  if (!m_state->context) throw std::bad_alloc{};
}

ZstdDecompressSink::~ZstdDecompressSink() {
  ZstdDecompressSink::abort();
}

void ZstdDecompressSink::write(std::span<const std::byte> data) {
  State& state = *m_state;
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  // A full output buffer may hide more output of input that was already taken.
  bool more_output = false;
  while (in.pos < in.size || more_output) {
    ZSTD_outBuffer out{state.buffer.data(), state.buffer.size(), 0};
    const std::size_t hint = ZSTD_decompressStream(state.context.get(), &out, &in);
    if (ZSTD_getErrorCode(hint) == ZSTD_error_memory_allocation) throw std::bad_alloc{};
    if (ZSTD_isError(hint) != 0U) throw damaged(ZSTD_getErrorName(hint));
    state.any_frame = true;
    state.in_frame = hint != 0;
    more_output = state.in_frame && out.pos == out.size;
    if (out.pos > 0) m_next.write(std::span{state.buffer}.first(out.pos));
  }
}

void ZstdDecompressSink::finish() {
  if (!m_state->any_frame) throw damaged("there is none");
  if (m_state->in_frame) throw damaged("it ends too early");
  m_next.finish();
  m_state->ended = true;
}

void ZstdDecompressSink::abort() noexcept {
  if (!std::exchange(m_state->ended, true)) m_next.abort();
}

}  // namespace bkp::stream
