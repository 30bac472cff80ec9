#include "recover/dump_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "recover/scratch.hpp"
#include "recover/stored_dump.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

/// How long a wait may take no notice of an interrupt.
constexpr std::chrono::milliseconds k_interrupt_latency{50};

/// pg_dump's on every system of today. With offsets that do not reach everywhere pg_restore would
/// look for a block by reading through all before it, so that nothing may be discarded.
constexpr int k_wide_offset = 8;

}  // namespace

struct DumpFile::State {
  State(run::Context& run_context, const backup::Source& source, DumpFlow dump_flow)
      : context{run_context},
        flow{dump_flow},
        stored{run_context, source},
        file{open_scratch_file(stored.directory())} {}

  void decompress() noexcept;
  void publish(const pg::SeekableArchiveSink& archive, std::size_t bytes);
  void wait_for_readers(std::unique_lock<std::mutex>& lock);
  void end(std::optional<Error> why) noexcept;
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition);
  void wait_for_contents();

  /// Counts who waits for blocks, under the mutex, while it lives.
  class BlockWaiter {
   public:
    explicit BlockWaiter(State& state) : m_state{state} { count(1); }
    ~BlockWaiter() { count(-1); }
    BlockWaiter(const BlockWaiter&) = delete;
    BlockWaiter& operator=(const BlockWaiter&) = delete;

   private:
    void count(int change) {
      m_state.block_waiters += change;
      m_state.changed.notify_all();
    }
    State& m_state;
  };

  run::Context& context;
  const DumpFlow flow;
  const StoredDump stored;
  const util::Fd file;

  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t written = 0;  ///< bytes of the file that can be read
  bool has_contents = false;
  pg::ArchiveHeader header;
  std::vector<pg::ArchiveEntry> entries;
  std::vector<pg::ArchiveBlock> blocks;
  std::uint64_t furthest_read = 0;  ///< a position up to which somebody has asked for bytes
  int block_waiters = 0;
  bool to_the_end = false;  ///< somebody waits for all of it
  bool ended = false;
  std::optional<Error> failure;

  std::atomic<bool> stop = false;
  std::jthread thread;
};

void DumpFile::State::decompress() noexcept {
  try {
    pg::SeekableArchiveSink archive{file.get(), stored.name()};
    stream::ObservingSink watched{archive, [&](std::size_t size) {
                                    if (stop)
                                      throw Error{ErrorKind::internal, "not wanted any more"};
                                    publish(archive, size);
                                  }};
    in_scratch([&] { stored.open_into(watched); });
    end(std::nullopt);
  } catch (...) {
    end(util::current_error());
  }
}

void DumpFile::State::publish(const pg::SeekableArchiveSink& archive, std::size_t bytes) {
  std::unique_lock lock{mutex};
  written += bytes;
  if (!has_contents && !archive.entries().empty()) {
    header = archive.header();
    entries = archive.entries();
    has_contents = true;
  }
  // Only the last one known can have grown.
  if (!blocks.empty()) blocks.pop_back();
  const auto& all = archive.blocks();
  blocks.insert(blocks.end(), all.begin() + static_cast<std::ptrdiff_t>(blocks.size()), all.end());
  changed.notify_all();
  wait_for_readers(lock);
}

void DumpFile::State::wait_for_readers(std::unique_lock<std::mutex>& lock) {
  changed.wait(lock, [&] {
    return stop || !has_contents || to_the_end || block_waiters > 0 ||
           written < furthest_read + flow.ahead;
  });
}

void DumpFile::State::end(std::optional<Error> why) noexcept {
  const std::lock_guard lock{mutex};
  failure = std::move(why);
  ended = true;
  changed.notify_all();
}

/// Until `condition` (under the mutex) or the end of the decompression, whose failure is thrown
/// before what is there is used any further.
template <class Condition>
void DumpFile::State::wait(std::unique_lock<std::mutex>& lock, Condition condition) {
  while (!ended && !condition()) {
    context.interrupt.check();
    changed.wait_for(lock, k_interrupt_latency);
  }
  if (failure) throw Error{*failure};
}

void DumpFile::State::wait_for_contents() {
  std::unique_lock lock{mutex};
  wait(lock, [&] { return has_contents; });
}

DumpFile::DumpFile(run::Context& context, const backup::Source& source, DumpFlow flow)
    : m_state{std::make_unique<State>(context, source, flow)} {
  m_state->thread = std::jthread{[state = m_state.get()] { state->decompress(); }};
}

DumpFile::~DumpFile() {
  const std::lock_guard lock{m_state->mutex};
  m_state->stop = true;
  m_state->changed.notify_all();
}

std::uint64_t DumpFile::size() const {
  return m_state->stored.original_bytes();
}

const DumpFlow& DumpFile::flow() const {
  return m_state->flow;
}

int DumpFile::fd() const {
  return m_state->file.get();
}

const std::vector<pg::ArchiveEntry>& DumpFile::entries() {
  m_state->wait_for_contents();
  return m_state->entries;
}

const pg::ArchiveHeader& DumpFile::header() {
  m_state->wait_for_contents();
  return m_state->header;
}

void DumpFile::await_end() {
  const run::ProgressStep step{m_state->context.progress,
                               "decompressing " + m_state->stored.label(), size()};
  std::uint64_t told = 0;
  std::unique_lock lock{m_state->mutex};
  m_state->to_the_end = true;
  m_state->changed.notify_all();
  m_state->wait(lock, [&] {
    m_state->context.progress.advance(m_state->written - told);
    told = m_state->written;
    return false;
  });
}

void DumpFile::await_blocks(const Look& look) {
  auto& state = *m_state;
  std::unique_lock lock{state.mutex};
  const State::BlockWaiter waiter{state};
  bool enough = false;
  state.wait(lock, [&] { return enough = look(state.blocks); });
  // What came with the end.
  if (!enough) look(state.blocks);
}

void DumpFile::wake() noexcept {
  const std::lock_guard lock{m_state->mutex};
  m_state->changed.notify_all();
}

std::size_t DumpFile::read(std::uint64_t position, std::span<std::byte> space) {
  auto& state = *m_state;
  std::unique_lock lock{state.mutex};
  state.wait(lock, [&] {
    if (position + space.size() > state.furthest_read) {
      state.furthest_read = position + space.size();
      state.changed.notify_all();
    }
    return state.written > position;
  });
  const auto readable = state.written;
  lock.unlock();
  if (readable <= position) return 0;
  const auto size = std::min<std::uint64_t>(space.size(), readable - position);
  const auto got = util::read_at(state.file.get(), space.first(size), position);
  if (!got)
    throw Error::from_errno(ErrorKind::refused, "cannot read " + state.stored.name(), errno);
  return *got;
}

void DumpFile::discard(std::uint64_t begin, std::uint64_t end) noexcept {
  if (m_state->header.offset_size < k_wide_offset || end <= begin) return;
  // Where the file system cannot, the space is free when the file is closed.
  ::fallocate(m_state->file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              static_cast<off_t>(begin), static_cast<off_t>(end - begin));
}

}  // namespace bkp::recover
