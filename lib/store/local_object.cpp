#include "store/local_object.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/rng.hpp"

namespace bkp::store {

using util::Error;
using util::ErrorKind;
using util::Fd;

LocalObjectSink::LocalObjectSink(int root, FlushedDirectories& flushed, std::string url, Key key)
    : m_url{std::move(url)},
      m_key{std::move(key)},
      m_name{operation().name()},
      m_current_name{std::string{unfinished_prefix} + util::random_hex(8)},
      m_directory{open_temporary(root, flushed)} {}

LocalObjectSink::~LocalObjectSink() {
  LocalObjectSink::abort();
}

/// Opens m_fd and returns its directory.
LocalDirectory LocalObjectSink::open_temporary(int root, FlushedDirectories& flushed) {
  auto parts = parts_of(m_key.text());
  parts.pop_back();
  // Somebody who removes the last object of a directory removes the directory too, and may do so
  // between our finding and our using it. From the temporary file on it is not empty any more.
  constexpr int most_attempts = 1000;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    auto directory = LocalDirectory::make(root, parts, flushed, operation());
    if (!directory) continue;
    m_fd = Fd{::openat(directory->fd(), m_current_name.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!m_fd && errno == ENOENT) continue;
    if (m_fd) util::give_to_owner_of(directory->fd(), m_fd.get());
    if (m_fd && ::fchmod(m_fd.get(), 0600) == 0) return std::move(*directory);
    const int error_number = errno;
    ::unlinkat(directory->fd(), m_current_name.c_str(), 0);
    directory->remove_if_empty();
    throw operation().failed(error_number);
  }
  throw operation().failed(ENOENT);
}

void LocalObjectSink::write(std::span<const std::byte> data) {
  util::write_all(m_fd.get(), data, m_name);
  m_written += data.size();
  // Spreads the writing over the time of the backup: one flood of dirty pages at the end would make
  // everybody on this machine wait, and this object's flush longest.
  constexpr std::uint64_t portion = std::uint64_t{16} << 20U;
  if (m_written - m_on_its_way >= portion) {
    ::sync_file_range(m_fd.get(), static_cast<off_t>(m_on_its_way),
                      static_cast<off_t>(m_written - m_on_its_way), SYNC_FILE_RANGE_WRITE);
    m_on_its_way = m_written;
  }
}

void LocalObjectSink::finish() {
  sync(m_fd.get(), operation());
  // A network file system may report a full disk only here.
  m_fd.close(m_name);
  publish();
  sync(m_directory.fd(), operation());
  m_ended = true;
}

void LocalObjectSink::publish() {
  const int directory = m_directory.fd();
  const std::string name{m_key.name()};
  const char* from = m_current_name.c_str();
  int result = ::renameat2(directory, from, directory, name.c_str(), RENAME_NOREPLACE);
  if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
    // NFS and others cannot rename without replacing, but a link never replaces.
    result = ::linkat(directory, from, directory, name.c_str(), 0);
    if (result == 0) ::unlinkat(directory, from, 0);
    if (result != 0 && (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)) {
      throw Error{ErrorKind::store,
                  fmt::format("cannot create {}: its file system can neither rename without "
                              "replacing nor make hard links",
                              m_name),
                  "keep the store on a file system that can, e.g. ext4, XFS, Btrfs, ZFS or NFS"};
    }
  }
  if (result != 0 && errno == EEXIST) {
    throw Error{ErrorKind::store, fmt::format("cannot create {}: it exists already", m_name),
                "objects are never overwritten; does another run use the same name?"};
  }
  if (result != 0) throw operation().failed(errno);
  m_current_name = name;
}

void LocalObjectSink::abort() noexcept {
  if (std::exchange(m_ended, true)) return;
  m_fd.reset();
  ::unlinkat(m_directory.fd(), m_current_name.c_str(), 0);
  m_directory.remove_if_empty();
}

}  // namespace bkp::store
