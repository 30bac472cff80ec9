#include "stream/queue.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace bkp::stream {

namespace {

constexpr std::size_t largest_chunk = std::size_t{1} << 20U;

using Chunk = std::vector<std::byte>;

}  // namespace

/// Chunks go round: the writer fills a free one, the reader hands it on and gives it back. Their
/// number is the bound.
struct QueueSink::State {
  enum class End { none, finish, abort };

  State(Sink& sink, std::size_t capacity)
      : next{sink},
        chunk_size{std::clamp<std::size_t>(capacity / 8, 1, largest_chunk)},
        unused{std::max<std::size_t>(capacity / chunk_size, 2)} {}

  Sink& next;
  const std::size_t chunk_size;

  // The writer's own.
  Chunk filling;
  bool ended = false;

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t unused;  ///< chunks that were never needed so far
  std::vector<Chunk> free;
  std::deque<Chunk> full;
  End end = End::none;
  bool idle = false;  ///< the thread waits for a chunk
  std::exception_ptr failure;
  std::atomic<bool> stopped = false;  ///< the thread takes nothing any more; set under the mutex

  std::jthread thread;

  void read() noexcept;
  bool take(Chunk& chunk);
  bool has_room() const { return stopped || !free.empty() || unused > 0; }
  bool provide_chunk();
  void hand_over();
  void request(End wanted);
  void join();
  void rethrow(std::unique_lock<std::mutex>& lock);
};

/// Waits for the next chunk; false at the end.
bool QueueSink::State::take(Chunk& chunk) {
  std::unique_lock lock{mutex};
  if (chunk.capacity() > 0) {
    chunk.clear();
    free.push_back(std::move(chunk));
    changed.notify_all();
  }
  idle = true;
  changed.wait(lock, [&] { return end != End::none || !full.empty(); });
  idle = false;
  if (end == End::abort || full.empty()) return false;
  chunk = std::move(full.front());
  full.pop_front();
  return true;
}

void QueueSink::State::read() noexcept {
  bool finished = false;
  std::exception_ptr thrown;
  try {
    Chunk chunk;
    while (take(chunk)) next.write(chunk);
    const bool finishing = [&] {
      const std::lock_guard lock{mutex};
      return end == End::finish;
    }();
    if (finishing) next.finish();
    finished = finishing;
  } catch (...) {
    thrown = std::current_exception();
  }
  {
    const std::lock_guard lock{mutex};
    failure = std::move(thrown);
    stopped = true;
    changed.notify_all();
  }
  // Giving up may take its time, which the writer need not wait for to learn of the failure.
  if (!finished) next.abort();
}

/// Throws what the next stage threw, each time it is asked: data that came later is lost too.
void QueueSink::State::rethrow(std::unique_lock<std::mutex>& lock) {
  if (!failure) return;
  const std::exception_ptr thrown = failure;
  lock.unlock();
  std::rethrow_exception(thrown);
}

/// False when the writer has to wait for one.
bool QueueSink::State::provide_chunk() {
  std::unique_lock lock{mutex};
  rethrow(lock);
  if (!has_room()) return false;
  if (!free.empty()) {
    filling = std::move(free.back());
    free.pop_back();
    return true;
  }
  // A stopped thread gives none back, but then nothing will be read from this one either.
  if (unused > 0) --unused;
  lock.unlock();
  filling.reserve(chunk_size);
  return true;
}

void QueueSink::State::hand_over() {
  std::unique_lock lock{mutex};
  rethrow(lock);
  if (stopped) return;
  full.push_back(std::exchange(filling, {}));
  changed.notify_all();
}

void QueueSink::State::request(End wanted) {
  const std::lock_guard lock{mutex};
  end = wanted;
  changed.notify_all();
}

void QueueSink::State::join() {
  if (thread.joinable()) thread.join();
}

QueueSink::QueueSink(Sink& next, std::size_t capacity_bytes)
    : m_state{std::make_unique<State>(next, capacity_bytes)} {
  m_state->thread = std::jthread{[state = m_state.get()] { state->read(); }};
}

QueueSink::~QueueSink() {
  QueueSink::abort();
}

void QueueSink::write(std::span<const std::byte> data) {
  for (;;) {
    data = data.subspan(write_some(data));
    if (data.empty()) return;
    std::unique_lock lock{m_state->mutex};
    m_state->changed.wait(lock, [&] { return m_state->has_room(); });
  }
}

std::size_t QueueSink::write_some(std::span<const std::byte> data) {
  State& state = *m_state;
  if (state.stopped) {
    std::unique_lock lock{state.mutex};
    state.rethrow(lock);
  }
  std::size_t taken = 0;
  while (taken < data.size()) {
    if (state.filling.capacity() == 0 && !state.provide_chunk()) break;
    const auto part =
        data.subspan(taken, std::min(data.size() - taken, state.chunk_size - state.filling.size()));
    state.filling.insert(state.filling.end(), part.begin(), part.end());
    taken += part.size();
    if (state.filling.size() == state.chunk_size) state.hand_over();
  }
  return taken;
}

bool QueueSink::wait_for_room(std::chrono::milliseconds longest) {
  std::unique_lock lock{m_state->mutex};
  return m_state->changed.wait_for(lock, longest, [&] { return m_state->has_room(); });
}

bool QueueSink::idle() const {
  const std::lock_guard lock{m_state->mutex};
  return m_state->idle && m_state->full.empty();
}

void QueueSink::start_finish() {
  if (!m_state->filling.empty()) m_state->hand_over();
  m_state->request(State::End::finish);
}

void QueueSink::finish() {
  start_finish();
  m_state->join();
  m_state->ended = true;
  std::unique_lock lock{m_state->mutex};
  m_state->rethrow(lock);
}

void QueueSink::start_abort() noexcept {
  if (!m_state->ended) m_state->request(State::End::abort);
}

void QueueSink::abort() noexcept {
  start_abort();
  m_state->ended = true;
  m_state->join();
}

}  // namespace bkp::stream
