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

std::size_t read_back(const util::Fd& file, std::span<std::byte> piece, std::uint64_t offset,
                      const std::filesystem::path& directory) {
  const auto got = util::read_at(file.get(), piece, offset);
  if (got.value_or(0) > 0) return *got;
  throw util::Error::from_errno(
      util::ErrorKind::store,
      "cannot read back a temporary file in " + util::quoted(directory.string()),
      got ? EIO : errno);
}

}  // namespace

ReplayBuffer::ReplayBuffer(std::size_t in_memory, std::filesystem::path directory)
    : m_limit{in_memory}, m_directory{std::move(directory)} {}

void ReplayBuffer::write(std::span<const std::byte> data) {
  if (!m_file && m_in_memory + data.size() <= m_limit) {
    keep(data);
    return;
  }
  if (!m_file) m_file = util::open_unnamed_file(m_directory);
  util::write_all(m_file.get(), data, "a temporary file in " + util::quoted(m_directory.string()));
  m_in_file += data.size();
}

void ReplayBuffer::keep(std::span<const std::byte> data) {
  m_in_memory += data.size();
  while (!data.empty()) {
    if (m_pieces.empty() || m_pieces.back().size() == piece_size)
      m_pieces.emplace_back().reserve(piece_size);
    auto& piece = m_pieces.back();
    const auto part = data.first(std::min(data.size(), piece_size - piece.size()));
    piece.insert(piece.end(), part.begin(), part.end());
    data = data.subspan(part.size());
  }
}

void ReplayBuffer::replay(Sink& sink) const {
  for (const auto& piece : m_pieces) sink.write(piece);
  std::vector<std::byte> piece(std::min<std::uint64_t>(piece_size, m_in_file));
  for (std::uint64_t at = 0; at < m_in_file;) {
    const auto wanted = std::min<std::uint64_t>(piece.size(), m_in_file - at);
    const auto got = read_back(m_file, std::span{piece}.first(wanted), at, m_directory);
    sink.write(std::span{piece}.first(got));
    at += got;
  }
}

}  // namespace bkp::stream
