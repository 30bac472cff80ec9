#include "util/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::util {

namespace {

Error failed(std::string_view what, const std::filesystem::path& path, int error_number) {
  return Error::from_errno(ErrorKind::store,
                           fmt::format("cannot {} {}", what, quoted(path.native())), error_number);
}

Space space_of(const struct statvfs& status) {
  const std::uint64_t unit = status.f_frsize;
  return {status.f_blocks * unit, (status.f_blocks - status.f_bfree) * unit,
          status.f_bavail * unit};
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
}

std::filesystem::path temporary_name_in(const std::filesystem::path& directory) {
  return directory / (".bkp-" + random_hex(8));
}

/// Removes a file on the way out, unless it was kept.
class Removal {
 public:
  explicit Removal(const std::filesystem::path& path) : m_path{path} {}
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;
  ~Removal() {
    if (m_armed) ::unlink(m_path.c_str());
  }
  void cancel() { m_armed = false; }

 private:
  const std::filesystem::path& m_path;
  bool m_armed = true;
};

/// No Fd where there is no file.
Fd open_if_there(const std::filesystem::path& path, int flags) {
  Fd fd{::open(path.c_str(), flags | O_CLOEXEC)};
  if (!fd && errno != ENOENT && errno != ENOTDIR) throw failed("open", path, errno);
  return fd;
}

struct stat status_of(const Fd& fd, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw failed("look at", path, errno);
  return status;
}

/// The temporary file of a file to be written; errors name the latter, which is the one known.
Fd make_beside(const std::filesystem::path& path, const std::filesystem::path& temporary) {
  Fd fd{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd) throw failed("write", path, errno);
  return fd;
}

}  // namespace

std::string read_open_file(const Fd& file, const std::filesystem::path& path, std::size_t limit) {
  std::string contents;
  std::vector<std::byte> buffer(std::size_t{64} << 10U);
  const std::string name = quoted(path.native());
  while (const std::size_t got = read_some(file.get(), buffer, name)) {
    if (got > limit - contents.size()) {
      throw Error{ErrorKind::store, fmt::format("{} is larger than {} bytes", name, limit),
                  "is this the right file?"};
    }
    contents.append(reinterpret_cast<const char*>(buffer.data()), got);
  }
  return contents;
}

bool is_unmodified(const struct ::stat& before, const struct ::stat& now) {
  return before.st_size == now.st_size && before.st_mtim.tv_sec == now.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == now.st_mtim.tv_nsec;
}

void require_private(const struct ::stat& status, const std::filesystem::path& path,
                     std::string_view what) {
  const std::string name = fmt::format("{} {}", what, quoted(path.native()));
  if (!S_ISREG(status.st_mode)) {
    throw Error{ErrorKind::key, name + " is not a regular file",
                "name a file that holds the secret"};
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    throw Error{ErrorKind::key, name + " belongs to another user",
                "run: chown $(id -un) " + shell_quoted(path.native())};
  }
  const bool own_group = status.st_gid == 0 || status.st_gid == ::getegid();
  const mode_t forbidden = S_IROTH | S_IWOTH | (own_group ? mode_t{0} : mode_t{S_IRGRP | S_IWGRP});
  if ((status.st_mode & forbidden) != 0) {
    throw Error{ErrorKind::key,
                fmt::format("{} can be read or written by others (mode {:04o})", name,
                            status.st_mode & 07777U),
                "run: chmod 600 " + shell_quoted(path.native())};
  }
}

Fd open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  for (;;) {
    Fd fd{::open(path.c_str(), flags | O_CLOEXEC, mode)};
    if (fd) return fd;
    if (errno != EINTR) throw failed("open", path, errno);
  }
}

void give_to_owner_of(int directory, int made) noexcept {
  if (::geteuid() != 0) return;
  struct stat parent {};
  struct stat own {};
  if (::fstat(directory, &parent) != 0 || ::fstat(made, &own) != 0) return;
  // A file system that knows one owner only has chosen already.
  if (parent.st_uid == 0 || own.st_uid != 0) return;
  [[maybe_unused]] const int ignored = ::fchown(made, parent.st_uid, parent.st_gid);
}

Fd open_or_make(const std::filesystem::path& path) {
  constexpr int most_attempts = 1000;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    // Only what was made here is given away: another file may be anybody's, by a hard link.
    Fd made{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (made) {
      const Fd directory = open_file(directory_of(path), O_RDONLY | O_DIRECTORY);
      give_to_owner_of(directory.get(), made.get());
      return made;
    }
    if (errno != EEXIST) throw failed("open", path, errno);
    Fd found{::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC)};
    if (found) return found;
    if (errno != ENOENT) throw failed("open", path, errno);
  }
  throw failed("open", path, ENOENT);
}

std::optional<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const Fd fd = open_if_there(path, O_RDONLY);
  return fd ? std::optional{read_open_file(fd, path, limit)} : std::nullopt;
}

std::optional<std::string> read_checked_file(
    const std::filesystem::path& path, std::size_t limit,
    const std::function<void(const struct ::stat&)>& check) {
  const Fd fd = open_if_there(path, O_RDONLY);
  if (!fd) return std::nullopt;
  check(status_of(fd, path));
  return read_open_file(fd, path, limit);
}

std::optional<std::string> read_private_file(const std::filesystem::path& path,
                                             std::string_view what, std::size_t limit) {
  // Never waits for the other end, should it be a pipe.
  const Fd fd = open_if_there(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return std::nullopt;
  require_private(status_of(fd, path), path, what);
  return read_open_file(fd, path, limit);
}

bool write_new_file(const std::filesystem::path& path, std::string_view contents, unsigned mode) {
  Fd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!fd && errno == EEXIST) return false;
  if (!fd) throw failed("make", path, errno);
  Removal removal{path};
  write_all(fd.get(), std::as_bytes(std::span{contents}), quoted(path.native()));
  // The umask took its share of the mode at open; this one is meant.
  if (::fchmod(fd.get(), mode) != 0) throw failed("set the permissions of", path, errno);
  if (::fsync(fd.get()) != 0) throw failed("flush", path, errno);
  fd.close(quoted(path.native()));
  sync_directory(directory_of(path));
  removal.cancel();
  return true;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view contents,
                           unsigned mode) {
  const std::filesystem::path directory = directory_of(path);
  const std::filesystem::path temporary = temporary_name_in(directory);
  Fd fd = make_beside(path, temporary);
  Removal removal{temporary};
  write_all(fd.get(), std::as_bytes(std::span{contents}), quoted(path.native()));
  const Fd opened = open_file(directory, O_RDONLY | O_DIRECTORY);
  give_to_owner_of(opened.get(), fd.get());
  // The umask took its share of the mode at open; this one is meant.
  if (::fchmod(fd.get(), mode) != 0) throw failed("set the permissions of", path, errno);
  if (::fsync(fd.get()) != 0) throw failed("flush", path, errno);
  fd.close(quoted(path.native()));
  if (::rename(temporary.c_str(), path.c_str()) != 0) throw failed("replace", path, errno);
  removal.cancel();
  sync_directory(directory);
}

void require_writable(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error{ErrorKind::usage,
                fmt::format("{} exists and is no ordinary file", quoted(path.native())),
                "name a file that is not there, or may be replaced"};
  }
  const std::filesystem::path temporary = temporary_name_in(directory_of(path));
  const Removal removal{temporary};
  make_beside(path, temporary);
}

void make_private_directories(const std::filesystem::path& path) {
  std::filesystem::path made;
  for (const auto& part : path) {
    const std::filesystem::path parent = made.empty() ? "." : made;
    made /= part;
    if (part.empty() || part == "/") continue;
    if (::mkdir(made.c_str(), 0700) == 0) {
      // By descriptor: not through a link that somebody put in its place.
      const Fd directory = open_file(made, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      const Fd above = open_file(parent, O_RDONLY | O_DIRECTORY);
      give_to_owner_of(above.get(), directory.get());
      if (::fchmod(directory.get(), 0700) != 0) {
        throw failed("set the permissions of", made, errno);
      }
      sync_directory(parent);
      continue;
    }
    // Not every parent that exists may be written to, or is even a file system of the usual kind.
    const int error_number = errno;
    struct stat status {};
    if (::stat(made.c_str(), &status) != 0) throw failed("make the directory", made, error_number);
    if (!S_ISDIR(status.st_mode)) throw failed("make the directory", made, ENOTDIR);
  }
}

void sync_directory(const std::filesystem::path& path) {
  Fd fd = open_file(path, O_RDONLY | O_DIRECTORY);
  // Some network file systems cannot flush a directory; theirs are durable by other means.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) throw failed("flush the directory", path, errno);
}

void require_private(const std::filesystem::path& path, std::string_view what) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw Error::from_errno(ErrorKind::key,
                            fmt::format("cannot read {} {}", what, quoted(path.native())), errno);
  }
  require_private(status, path, what);
}

Fd open_unnamed_file(const std::filesystem::path& directory) {
  Fd unnamed{::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
  if (unnamed) return unnamed;
  // What a kernel or file system without O_TMPFILE answers, see open(2).
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
    throw failed("make a temporary file in", directory, errno);
  }
  const std::filesystem::path name = temporary_name_in(directory);
  Fd named = open_file(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (::unlink(name.c_str()) != 0) throw failed("remove", name, errno);
  return named;
}

Space file_system_space(const std::filesystem::path& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) throw failed("ask for the space at", path, errno);
  return space_of(status);
}

Space file_system_space(const Fd& file, std::string_view name) {
  struct statvfs status {};
  if (::fstatvfs(file.get(), &status) != 0) throw failed("ask for the space at", name, errno);
  return space_of(status);
}

std::filesystem::path executable_directory() {
  std::error_code error;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error)
    throw Error::from_errno(ErrorKind::internal, "cannot read /proc/self/exe", error.value());
  return executable.parent_path();
}

}  // namespace bkp::util
