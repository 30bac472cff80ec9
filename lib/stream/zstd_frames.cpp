#include "stream/zstd_frames.hpp"

#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stream/zstd_context.hpp"
#include "util/error.hpp"

namespace bkp::stream {

namespace {

constexpr std::size_t frame_size = std::size_t{2} << 20U;

/// More than one thread, which writes, could feed.
constexpr std::size_t most_lanes = 8;

ZstdContext make_context(int level, const std::optional<ZstdFastSearch>& search) {
  ZstdContext context{level};
  if (search) {
    context.set(ZSTD_c_strategy, ZSTD_fast);
    context.set(ZSTD_c_minMatch, search->min_match);
    context.set(ZSTD_c_hashLog, search->hash_log);
  }
  return context;
}

}  // namespace

/// What becomes one frame, and the frame.
class ZstdFramesSink::Frame {
 public:
  bool full() const { return m_filled == frame_size; }

  /// Takes as much as there is room for, and leaves the rest in `data`.
  void take(std::span<const std::byte>& data) {
    const auto part = data.first(std::min(data.size(), frame_size - m_filled));
    std::memcpy(m_plain.get() + m_filled, part.data(), part.size());
    m_filled += part.size();
    data = data.subspan(part.size());
  }

  void compress(const ZstdContext& context) {
    if (!m_packed) m_packed = std::make_unique_for_overwrite<std::byte[]>(bound);
    m_packed_size = ZstdContext::check(
        ZSTD_compress2(context.get(), m_packed.get(), bound, m_plain.get(), m_filled));
  }

  /// Once. It is empty then.
  void give(Sink& sink) {
    m_filled = 0;
    if (const auto size = std::exchange(m_packed_size, 0); size > 0)
      sink.write({m_packed.get(), size});
  }

 private:
  static constexpr std::size_t bound = ZSTD_COMPRESSBOUND(frame_size);
  // Memory that is not used is not touched.
  std::unique_ptr<std::byte[]> m_plain = std::make_unique_for_overwrite<std::byte[]>(frame_size);
  std::unique_ptr<std::byte[]> m_packed;
  std::size_t m_filled = 0;
  std::size_t m_packed_size = 0;
};

/// A thread and the frame it works on.
class ZstdFramesSink::Lane {
 public:
  explicit Lane(ZstdContext context)
      : m_context{std::move(context)}, m_thread{[this] { work(); }} {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane() {
    wait();
    pass(Turn::end);
  }

  /// Gives the frame it has been given before, if any, to `sink`, and takes the next one for it.
  void exchange(Frame& next, Sink& sink) {
    collect(sink);
    std::swap(m_frame, next);
    pass(Turn::thread);
  }

  void collect(Sink& sink) {
    wait();
    if (m_failure) std::rethrow_exception(m_failure);
    m_frame.give(sink);
  }

 private:
  /// Whose the frame is. Of the two only the other one waits, so that one is told.
  enum class Turn { caller, thread, end };

  void pass(Turn turn) {
    m_turn = turn;
    m_turn.notify_one();
  }

  void wait() const noexcept { m_turn.wait(Turn::thread); }

  void work() {
    for (;;) {
      m_turn.wait(Turn::caller);
      if (m_turn == Turn::end) return;
      try {
        m_frame.compress(m_context);
      } catch (...) {
        m_failure = std::current_exception();
      }
      pass(Turn::caller);
    }
  }

  ZstdContext m_context;
  Frame m_frame;
  std::exception_ptr m_failure;
  std::atomic<Turn> m_turn = Turn::caller;
  std::jthread m_thread;  // joined first
};

class ZstdFramesSink::State {
 public:
  State(int level, int threads, std::optional<ZstdFastSearch> search)
      : m_level{level}, m_search{search}, m_own{make_context(level, search)} {
    if (threads < 1)
      throw util::Error{util::ErrorKind::internal,
                        fmt::format("zstd: {} threads are out of range", threads)};
    if (threads > 1) m_lanes_wanted = std::min(static_cast<std::size_t>(threads), most_lanes);
  }

  void write(std::span<const std::byte> data, Sink& next) {
    while (!data.empty()) {
      if (m_frame.full()) pass_on(next);
      m_frame.take(data);
    }
  }

  void finish(Sink& next) {
    // The last one, which is the only one of a stream that is empty, has a thread at hand.
    m_frame.compress(m_own);
    for (std::size_t i = 0; i < m_lanes.size(); ++i) next_lane().collect(next);
    m_frame.give(next);
  }

  bool ended = false;

 private:
  void pass_on(Sink& next) {
    if (m_lanes.size() < m_lanes_wanted) add_lane();
    if (m_lanes.empty()) {
      m_frame.compress(m_own);
      m_frame.give(next);
    } else {
      next_lane().exchange(m_frame, next);
    }
  }

  /// It is the next one then. Where the system has no more threads to give, it goes on with fewer.
  void add_lane() {
    try {
      m_lanes.push_back(std::make_unique<Lane>(make_context(m_level, m_search)));
      m_next_lane = m_lanes.size() - 1;
    } catch (const std::system_error&) {
      m_lanes_wanted = m_lanes.size();
    }
  }

  /// In turn, so that it is the one with the oldest frame.
  Lane& next_lane() { return *m_lanes[m_next_lane++ % m_lanes.size()]; }

  int m_level;
  std::optional<ZstdFastSearch> m_search;
  ZstdContext m_own;
  Frame m_frame;
  std::vector<std::unique_ptr<Lane>> m_lanes;  ///< as many as there was work for
  std::size_t m_lanes_wanted = 0;
  std::size_t m_next_lane = 0;
};

ZstdFramesSink::ZstdFramesSink(Sink& next, int level, int threads,
                               std::optional<ZstdFastSearch> search)
    : m_next{next}, m_state{std::make_unique<State>(level, threads, search)} {}

ZstdFramesSink::~ZstdFramesSink() {
  ZstdFramesSink::abort();
}

void ZstdFramesSink::write(std::span<const std::byte> data) {
  m_state->write(data, m_next);
}

void ZstdFramesSink::finish() {
  m_state->finish(m_next);
  m_next.finish();
  m_state->ended = true;
}

void ZstdFramesSink::abort() noexcept {
  if (!std::exchange(m_state->ended, true)) m_next.abort();
}

}  // namespace bkp::stream
