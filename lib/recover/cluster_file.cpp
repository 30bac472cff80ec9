#include "recover/cluster_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

constexpr unsigned permissions = 0777;
constexpr std::uint64_t disk_piece = std::uint64_t{8} << 20U;

Error failed(const std::filesystem::path& path) {
  return Error::from_errno(ErrorKind::store, "cannot write " + util::quoted(path.string()), errno);
}

}  // namespace

ClusterFileWriter::ClusterFileWriter(std::filesystem::path path, util::Fd file,
                                     FileWriting& writing)
    : m_path{std::move(path)}, m_file{std::move(file)}, m_writing{&writing} {}

ClusterFileWriter ClusterFileWriter::make(std::filesystem::path path, unsigned mode,
                                          FileWriting& writing) {
  const int how = writing.reuse ? O_RDWR | O_CREAT : O_WRONLY | O_CREAT | O_TRUNC;
  auto file = util::open_file(path, how | O_NOFOLLOW, mode & permissions);
  if (::fchmod(file.get(), mode & permissions) != 0) throw failed(path);
  return {std::move(path), std::move(file), writing};
}

ClusterFileWriter ClusterFileWriter::open(std::filesystem::path path, FileWriting& writing) {
  auto file = util::open_file(path, (writing.reuse ? O_RDWR : O_WRONLY) | O_NOFOLLOW);
  return {std::move(path), std::move(file), writing};
}

void ClusterFileWriter::write(std::span<const std::byte> bytes, std::uint64_t offset) {
  write_scattered(bytes, offset);
  let_disk_begin(offset + bytes.size());
}

void ClusterFileWriter::write_scattered(std::span<const std::byte> bytes, std::uint64_t offset) {
  if (m_writing->reuse && is_there(bytes, offset)) {
    m_writing->reused += bytes.size();
    return;
  }
  while (!bytes.empty()) {
    const auto wrote =
        ::pwrite(m_file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw failed(m_path);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
}

/// In the end all of it must be on the disk: so that this takes less time then, the disk works all
/// along. Not on what lies behind `end`: there are gaps yet.
void ClusterFileWriter::let_disk_begin(std::uint64_t end) {
  if (end < m_sent + disk_piece) return;
  ::sync_file_range(m_file.get(), static_cast<off_t>(m_sent), static_cast<off_t>(end - m_sent),
                    SYNC_FILE_RANGE_WRITE);
  m_sent = end;
}

bool ClusterFileWriter::is_there(std::span<const std::byte> bytes, std::uint64_t offset) {
  m_found.resize(bytes.size());
  // What cannot be read is written.
  if (util::read_at(m_file.get(), m_found, offset) != m_found.size()) return false;
  return std::ranges::equal(m_found, bytes);
}

void ClusterFileWriter::set_size(std::uint64_t bytes) {
  if (::ftruncate(m_file.get(), static_cast<off_t>(bytes)) != 0) throw failed(m_path);
}

}  // namespace bkp::recover
