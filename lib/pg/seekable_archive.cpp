#include "pg/seekable_archive.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/text.hpp"

namespace bkp::pg {

namespace {

constexpr std::byte k_offset_known{2};
/// Widest offset that is filled in; pg_dump has written 8 bytes for as long as files can be large.
constexpr int k_widest_offset = 8;

}  // namespace

struct SeekableArchiveSink::State final : ArchiveListener {
  State(int file, std::string file_name) : fd{file}, name{std::move(file_name)} {}

  void on_contents(const ArchiveHeader& archive_header,
                   const std::vector<ArchiveEntry>& contents) override {
    header = archive_header;
    entries = contents;
    first_entry = contents.data();
  }
  void on_data_start(const ArchiveEntry& entry, std::uint64_t block_position) override {
    blocks.push_back({static_cast<std::size_t>(&entry - first_entry), block_position, 0});
  }
  void on_table_data(std::span<const std::byte> piece) override {
    blocks.back().data_bytes += piece.size();
  }
  void on_large_object_start(std::uint32_t) override {}
  void on_large_object_data(std::span<const std::byte> piece) override { on_table_data(piece); }
  void on_large_object_end() override {}
  void on_data_end(const ArchiveEntry&) override {}

  void fill_in(const ArchiveBlock& block) const;

  int fd;
  std::string name;
  ArchiveHeader header;
  std::vector<ArchiveEntry> entries;
  const ArchiveEntry* first_entry = nullptr;  ///< of the reader's own
  std::vector<ArchiveBlock> blocks;
  ArchiveReader reader{*this};
};

/// A position that does not fit stays unknown: pg_restore then scans for it.
void SeekableArchiveSink::State::fill_in(const ArchiveBlock& block) const {
  const int size = std::min(header.offset_size, k_widest_offset);
  std::array<std::byte, 1 + k_widest_offset> bytes{k_offset_known};
  std::uint64_t rest = block.position;
  for (int i = 1; i <= size; ++i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<std::byte>(rest & 0xffU);
    rest >>= 8U;
  }
  if (rest != 0) return;
  std::size_t done = 0;
  const auto total = static_cast<std::size_t>(size) + 1;
  while (done < total) {
    const ssize_t written =
        ::pwrite(fd, bytes.data() + done, total - done,
                 static_cast<off_t>(entries[block.entry].offset_position + done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw util::Error::from_errno(util::ErrorKind::store, "cannot write to " + util::quoted(name),
                                    errno);
    }
    done += static_cast<std::size_t>(written);
  }
}

SeekableArchiveSink::SeekableArchiveSink(int fd, std::string name)
    : m_state{std::make_unique<State>(fd, std::move(name))} {}

SeekableArchiveSink::~SeekableArchiveSink() = default;

void SeekableArchiveSink::write(std::span<const std::byte> data) {
  m_state->reader.write(data);
  util::write_all(m_state->fd, data, m_state->name);
}

void SeekableArchiveSink::finish() {
  m_state->reader.finish();
  for (const ArchiveBlock& block : m_state->blocks) m_state->fill_in(block);
}

const ArchiveHeader& SeekableArchiveSink::header() const {
  return m_state->header;
}

const std::vector<ArchiveEntry>& SeekableArchiveSink::entries() const {
  return m_state->entries;
}

const std::vector<ArchiveBlock>& SeekableArchiveSink::blocks() const {
  return m_state->blocks;
}

}  // namespace bkp::pg
