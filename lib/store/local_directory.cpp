#include "store/local_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::store {

using util::Error;
using util::ErrorKind;
using util::Fd;

std::string LocalOperation::name() const {
  return fmt::format("{} in {}", util::quoted(key), url);
}

Error LocalOperation::failed(int error_number) const {
  auto error =
      Error::from_errno(ErrorKind::store, fmt::format("cannot {} {}", verb, name()), error_number);
  if (error_number != EACCES && error_number != EPERM) return error;
  return Error{
      error.kind(), error.message(),
      "check owner and permissions of it and the directories on its way; `bkp check` names what "
      "belongs to another user, with the chown to run"};
}

Error LocalOperation::refused_link(std::string_view part) const {
  return Error{ErrorKind::store,
               fmt::format("cannot {} {}: {} is a symbolic link", verb, name(), util::quoted(part)),
               "links below a store's root are not followed; mount or move the directory instead"};
}

namespace {

/// What has been there for so long is on the disk, whoever made it and died: the kernel writes back
/// what is dirty for half a minute (vm.dirty_expire_centisecs), a journal is committed sooner.
constexpr std::chrono::hours surely_flushed{1};

}  // namespace

void FlushedDirectories::flush(int parent, int directory, const LocalOperation& operation) {
  struct ::statx status {};
  const bool known = ::statx(directory, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) == 0 &&
                     (status.stx_mask & STATX_BTIME) != 0;  // not every file system keeps it
  if (!known) return sync(parent, operation);
  const std::chrono::sys_time<std::chrono::nanoseconds> born{
      std::chrono::seconds{status.stx_btime.tv_sec} +
      std::chrono::nanoseconds{status.stx_btime.tv_nsec}};
  if (std::chrono::system_clock::now() - born > surely_flushed) return;
  const Identity identity{status.stx_dev_major, status.stx_dev_minor, status.stx_ino,
                          born.time_since_epoch().count()};
  if (const std::scoped_lock lock{m_mutex}; m_flushed.contains(identity)) return;
  sync(parent, operation);
  const std::scoped_lock lock{m_mutex};
  m_flushed.insert(identity);
}

LocalDirectory::LocalDirectory(int root, std::vector<std::string_view> parts,
                               const LocalOperation& operation)
    : m_parts{parts.begin(), parts.end()} {
  m_chain.emplace_back(::fcntl(root, F_DUPFD_CLOEXEC, 0));
  if (!m_chain.back()) throw operation.failed(errno);
}

std::optional<LocalDirectory> LocalDirectory::open(int root, std::vector<std::string_view> parts,
                                                   const LocalOperation& operation) {
  LocalDirectory directory{root, std::move(parts), operation};
  for (const std::string& part : directory.m_parts) {
    Fd next = open_directory_in(directory.fd(), part, operation);
    if (!next) return std::nullopt;
    directory.m_chain.push_back(std::move(next));
  }
  return directory;
}

namespace {

/// As open_directory_in(), but a file in the way is an error here, and the name is flushed: one
/// that is there may be another writer's, who has not done so yet, and our object would be lost
/// with it.
Fd make_directory_in(int parent, const std::string& name, FlushedDirectories& flushed,
                     const LocalOperation& operation) {
  const auto open = [&] {
    Fd found = open_directory_in(parent, name, operation);
    if (found) flushed.flush(parent, found.get(), operation);
    return found;
  };
  if (Fd found = open()) return found;
  if (::mkdirat(parent, name.c_str(), 0700) != 0) {
    if (errno == ENOENT) return {};
    if (errno != EEXIST) throw operation.failed(errno);
    // Somebody made it first, or it is no directory.
    Fd found = open();
    if (!found && status_in(parent, name, operation)) throw operation.failed(ENOTDIR);
    return found;
  }
  Fd made = open_directory_in(parent, name, operation);
  if (!made) return {};
  util::give_to_owner_of(parent, made.get());
  if (::fchmod(made.get(), 0700) != 0) throw operation.failed(errno);
  flushed.flush(parent, made.get(), operation);
  return made;
}

}  // namespace

std::optional<LocalDirectory> LocalDirectory::make(int root, std::vector<std::string_view> parts,
                                                   FlushedDirectories& flushed,
                                                   const LocalOperation& operation) {
  LocalDirectory directory{root, std::move(parts), operation};
  try {
    for (const std::string& part : directory.m_parts) {
      Fd next = make_directory_in(directory.fd(), part, flushed, operation);
      if (!next) return std::nullopt;
      directory.m_chain.push_back(std::move(next));
    }
  } catch (...) {
    directory.remove_if_empty();
    throw;
  }
  return directory;
}

void LocalDirectory::remove_if_empty() noexcept {
  for (std::size_t depth = m_chain.size() - 1; depth > 0; --depth) {
    if (::unlinkat(m_chain[depth - 1].get(), m_parts[depth - 1].c_str(), AT_REMOVEDIR) != 0) return;
  }
}

Fd open_directory_in(int parent, const std::string& name, const LocalOperation& operation) {
  Fd fd{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (fd) return fd;
  const int error_number = errno;
  if (error_number == ENOTDIR || error_number == ELOOP) status_in(parent, name, operation);
  if (error_number == ENOENT || error_number == ENOTDIR) return {};
  throw operation.failed(error_number);
}

std::optional<struct ::stat> status_in(int parent, const std::string& name,
                                       const LocalOperation& operation) {
  struct ::stat status {};
  if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw operation.failed(errno);
  }
  if (S_ISLNK(status.st_mode)) throw operation.refused_link(name);
  return status;
}

std::vector<std::string> names_in(int directory, const LocalOperation& operation) {
  struct Closer {
    void operator()(DIR* stream) const noexcept { ::closedir(stream); }
  };
  // Opened anew: a duplicate would share its position with the original.
  Fd own{::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!own) {
    // Removed meanwhile, so that even "." is gone.
    if (errno == ENOENT) return {};
    throw operation.failed(errno);
  }
  const std::unique_ptr<DIR, Closer> stream{::fdopendir(own.get())};
  if (!stream) throw operation.failed(errno);
  own.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) throw operation.failed(errno);
      return names;
    }
    const std::string_view name{entry->d_name};
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

void sync(int fd, const LocalOperation& operation) {
  // EINVAL: a network file system that cannot flush directories; theirs are durable by other means.
  if (::fsync(fd) != 0 && errno != EINVAL) throw operation.failed(errno);
}

}  // namespace bkp::store
