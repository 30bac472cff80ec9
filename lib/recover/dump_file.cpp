#include "recover/dump_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "backup/parts.hpp"
#include "pg/seekable_archive.hpp"
#include "recover/scratch.hpp"
#include "stream/sinks.hpp"
#include "stream/zstd.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

/// How long a wait may take no notice of an interrupt.
constexpr std::chrono::milliseconds k_interrupt_latency{50};

constexpr std::size_t k_read_size = std::size_t{1} << 20U;

/// How far the file is written ahead of those who read it.
constexpr std::uint64_t k_ahead = std::uint64_t{64} << 20U;
/// pg_dump's on every system of today. With offsets that do not reach everywhere pg_restore would
/// look for a block by reading through all before it, so that nothing may be discarded.
constexpr int k_wide_offset = 8;

const backup::Part& dump_part(const backup::Manifest& manifest) {
  const backup::Part* part = manifest.part("dump");
  if (part != nullptr) return *part;
  throw Error{ErrorKind::damaged,
              fmt::format("the manifest of {} names no dump", util::quoted(manifest.label)),
              "use another backup"};
}

/// Writes to a descriptor.
class FdSink final : public stream::Sink {
 public:
  FdSink(int fd, std::string name) : m_fd{fd}, m_name{std::move(name)} {}
  void write(std::span<const std::byte> data) override { util::write_all(m_fd, data, m_name); }
  void finish() override {}
  void abort() noexcept override {}

 private:
  int m_fd;
  std::string m_name;
};

}  // namespace

struct DumpFile::State {
  State(run::Context& run_context, const backup::Manifest& manifest)
      : context{run_context},
        part{dump_part(manifest)},
        label{manifest.label},
        directory{scratch_directory(run_context)} {}

  void fetch(store::Store& store, const backup::Layout& layout, const backup::Manifest& manifest);
  void decompress() noexcept;
  void read_stored(stream::Sink& sink) const;
  void publish(const pg::SeekableArchiveSink& archive, std::size_t bytes);
  void wait_for_readers(std::unique_lock<std::mutex>& lock);
  void end(std::optional<Error> why) noexcept;
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition);
  void wait_for_contents();

  /// Counts a session without a table, under the mutex, while it lives.
  class TableWaiter {
   public:
    explicit TableWaiter(State& state) : m_state{state} { count(1); }
    ~TableWaiter() { count(-1); }
    TableWaiter(const TableWaiter&) = delete;
    TableWaiter& operator=(const TableWaiter&) = delete;

   private:
    void count(int change) {
      m_state.table_waiters += change;
      m_state.changed.notify_all();
    }
    State& m_state;
  };

  run::Context& context;
  const backup::Part part;
  const std::string label;
  const std::filesystem::path directory;
  util::Fd stored;  ///< as in the store, proven
  util::Fd file;

  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t written = 0;  ///< bytes of the file that can be read
  bool has_contents = false;
  pg::ArchiveHeader header;
  std::vector<pg::ArchiveEntry> entries;
  std::vector<pg::ArchiveBlock> blocks;
  std::set<std::size_t> taken;      ///< indices of entries
  std::uint64_t furthest_read = 0;  ///< a position up to which somebody has asked for bytes
  int table_waiters = 0;            ///< sessions without a table
  bool to_the_end = false;          ///< somebody waits for all of it
  bool ended = false;
  std::optional<Error> failure;

  std::atomic<bool> stop = false;
  std::jthread thread;
};

void DumpFile::State::fetch(store::Store& store, const backup::Layout& layout,
                            const backup::Manifest& manifest) {
  stored = util::open_unnamed_file(directory);
  file = util::open_unnamed_file(directory);
  FdSink end{stored.get(), "the dump in " + directory.string()};
  const run::ProgressStep step{context.progress, "fetching " + label, part.size_bytes};
  stream::ObservingSink meter{end, [&](std::size_t bytes) {
                                context.interrupt.check();
                                context.progress.advance(bytes);
                              }};
  backup::fetch_stored_part(store, layout, manifest, part, meter);
}

void DumpFile::State::read_stored(stream::Sink& sink) const {
  std::vector<std::byte> buffer(k_read_size);
  if (::lseek(stored.get(), 0, SEEK_SET) != 0) {
    throw Error::from_errno(ErrorKind::store, "cannot read the dump in " + directory.string(),
                            errno);
  }
  const auto name = "the dump in " + directory.string();
  while (const auto size = util::read_some(stored.get(), buffer, name)) {
    sink.write(std::span{buffer}.first(size));
  }
  sink.finish();
}

void DumpFile::State::decompress() noexcept {
  try {
    pg::SeekableArchiveSink archive{file.get(), "the dump in " + directory.string()};
    std::uint64_t bytes = 0;
    stream::ObservingSink watched{archive, [&](std::size_t size) {
                                    if (stop)
                                      throw Error{ErrorKind::internal, "not wanted any more"};
                                    bytes += size;
                                    publish(archive, size);
                                  }};
    std::optional<stream::ZstdDecompressSink> decompress;
    if (part.compression == "zstd") decompress.emplace(watched);
    read_stored(decompress ? static_cast<stream::Sink&>(*decompress) : watched);
    if (bytes != part.original_bytes) {
      throw Error{ErrorKind::damaged,
                  fmt::format("the dump of {} has {} bytes after decompression, the manifest says "
                              "{}",
                              util::quoted(label), bytes, part.original_bytes),
                  "use another backup"};
    }
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
    return stop || !has_contents || to_the_end || table_waiters > 0 ||
           written < furthest_read + k_ahead;
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

DumpFile::DumpFile(run::Context& context, store::Store& store, const backup::Layout& layout,
                   const backup::Manifest& manifest)
    : m_state{std::make_unique<State>(context, manifest)} {
  require_space(m_state->directory, m_state->part.size_bytes + m_state->part.original_bytes);
  m_state->fetch(store, layout, manifest);
  m_state->thread = std::jthread{[state = m_state.get()] { state->decompress(); }};
}

DumpFile::~DumpFile() {
  const std::lock_guard lock{m_state->mutex};
  m_state->stop = true;
  m_state->changed.notify_all();
}

std::uint64_t DumpFile::size() const {
  return m_state->part.original_bytes;
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
  const run::ProgressStep step{m_state->context.progress, "decompressing " + m_state->label,
                               m_state->part.original_bytes};
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

std::optional<TableBlock> DumpFile::take_table(const std::set<int>& wanted) {
  auto& state = *m_state;
  std::optional<TableBlock> result;
  const auto find = [&] {
    const pg::ArchiveBlock* largest = nullptr;
    for (const auto& block : state.blocks) {
      if (state.taken.contains(block.entry)) continue;
      if (!wanted.contains(state.entries[block.entry].dump_id)) continue;
      if (largest == nullptr || block.data_bytes > largest->data_bytes) largest = &block;
    }
    if (largest == nullptr) return false;
    state.taken.insert(largest->entry);
    result = TableBlock{&state.entries[largest->entry], largest->position};
    return true;
  };
  const auto none_left = [&] { return state.taken.size() == wanted.size(); };
  std::unique_lock lock{state.mutex};
  const State::TableWaiter waiter{state};
  state.wait(lock, [&] { return none_left() || find(); });
  // What came with the end.
  if (!result && !none_left()) find();
  return result;
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
  for (;;) {
    const auto got = ::pread(state.file.get(), space.data(), size, static_cast<off_t>(position));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    throw Error::from_errno(ErrorKind::store, "cannot read the dump in " + state.directory.string(),
                            errno);
  }
}

void DumpFile::discard(std::uint64_t begin, std::uint64_t end) noexcept {
  if (m_state->header.offset_size < k_wide_offset || end <= begin) return;
  // Where the file system cannot, the space is free when the file is closed.
  ::fallocate(m_state->file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              static_cast<off_t>(begin), static_cast<off_t>(end - begin));
}

}  // namespace bkp::recover
