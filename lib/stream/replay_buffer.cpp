#include "stream/replay_buffer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::stream {

namespace {

constexpr std::size_t piece_size = std::size_t{256} << 10U;

std::size_t read_at(const util::Fd& file, std::span<std::byte> piece, std::uint64_t offset,
                    const std::filesystem::path& directory) {
  while (true) {
    const auto got = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(offset));
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && errno == EINTR) continue;
    throw util::Error::from_errno(
        util::ErrorKind::store,
        "cannot read back a temporary file in " + util::quoted(directory.string()),
        got < 0 ? errno : EIO);
  }
}

}  // namespace

ReplayBuffer::ReplayBuffer(std::size_t in_memory, std::filesystem::path directory)
    : m_limit{in_memory}, m_directory{std::move(directory)} {}

void ReplayBuffer::write(std::span<const std::byte> data) {
  if (!m_file && m_memory.size() + data.size() <= m_limit) {
    m_memory.insert(m_memory.end(), data.begin(), data.end());
    return;
  }
  if (!m_file) m_file = util::open_unnamed_file(m_directory);
  util::write_all(m_file.get(), data, "a temporary file in " + util::quoted(m_directory.string()));
  m_in_file += data.size();
}

void ReplayBuffer::replay(Sink& sink) const {
  for (std::size_t at = 0; at < m_memory.size(); at += piece_size) {
    sink.write(std::span{m_memory}.subspan(at, std::min(piece_size, m_memory.size() - at)));
  }
  std::vector<std::byte> piece(std::min<std::uint64_t>(piece_size, m_in_file));
  for (std::uint64_t at = 0; at < m_in_file;) {
    const auto wanted = std::min<std::uint64_t>(piece.size(), m_in_file - at);
    const auto got = read_at(m_file, std::span{piece}.first(wanted), at, m_directory);
    sink.write(std::span{piece}.first(got));
    at += got;
  }
}

}  // namespace bkp::stream
