#pragma once

#include <sys/stat.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "util/fd.hpp"

namespace bkp::util {

/// Opens with O_CLOEXEC; `flags` and `mode` as in open(2). Throws Error{store} naming the path.
Fd open_file(const std::filesystem::path& path, int flags, unsigned mode = 0600);

/// The whole file, at most `limit` bytes (Error{store} beyond that); nullopt when there is none.
std::optional<std::string> read_file(const std::filesystem::path& path,
                                     std::size_t limit = 64U << 20U);

/// The rest of an open file, likewise; `path` is named in errors.
std::string read_open_file(const Fd& file, const std::filesystem::path& path, std::size_t limit);

/// What root makes in another user's directory would be of no use to him: gives the file or
/// directory `made` just now in `directory` to the owner of `directory`. Does nothing for others
/// than root, and where that is not possible (`bkp check` names what belongs to another).
void give_to_owner_of(int directory, int made) noexcept;

/// Opens for reading and writing what is at `path`, or makes it (0600, see give_to_owner_of()).
/// A symbolic link is an error.
Fd open_or_make(const std::filesystem::path& path);

/// Makes a file that was not there, with these contents, durable when this returns. False when
/// there is something already; a link is not followed. Throws Error{store}, and leaves nothing
/// then.
bool write_new_file(const std::filesystem::path& path, std::string_view contents, unsigned mode);

/// Replaces `path` in one step: temporary file (0600) beside it, fsync, rename, fsync of the
/// directory. A symbolic link at `path` is replaced, not followed; `mode` holds whatever the umask;
/// for the owner see give_to_owner_of().
void write_file_atomically(const std::filesystem::path& path, std::string_view contents,
                           unsigned mode = 0600);

/// Throws what write_file_atomically() would, before there is anything to write; Error{usage} for a
/// device, a pipe, a link or a directory, which it would replace or stumble over. Tries it with a
/// temporary file, which is removed again.
void require_writable(const std::filesystem::path& path);

/// Makes the directory and its missing parents, each 0700 whatever the umask, and flushes their
/// names; for the owner see give_to_owner_of(). An existing one stays as it is.
void make_private_directories(const std::filesystem::path& path);

/// Neither size nor time of modification is another one: nobody has written to the file meanwhile.
bool is_unmodified(const struct ::stat& before, const struct ::stat& now);

/// Flushes a directory, so that names made or removed in it survive a crash.
void sync_directory(const std::filesystem::path& path);

/// Throws Error{key} unless the file is a regular file, owned by this user or root, and neither
/// group (other than root's or this user's own) nor others can read or write it.
void require_private(const std::filesystem::path& path, std::string_view what);

void require_private(const struct ::stat& status, const std::filesystem::path& path,
                     std::string_view what);

/// As read_file(), after `check` has looked at the very file that is read, and thrown nothing.
std::optional<std::string> read_checked_file(
    const std::filesystem::path& path, std::size_t limit,
    const std::function<void(const struct ::stat&)>& check);

/// As read_file(), but require_private of the very file that is read, before it is read.
std::optional<std::string> read_private_file(const std::filesystem::path& path,
                                             std::string_view what, std::size_t limit);

/// A file without a name in `directory` (O_TMPFILE where the file system has it, 0600), for reading
/// and writing: gone when closed, also after a crash. A child can reopen it as /dev/fd/N.
Fd open_unnamed_file(const std::filesystem::path& directory);

struct Space {
  std::uint64_t capacity = 0;  ///< bytes
  std::uint64_t used = 0;
  std::uint64_t available = 0;  ///< to this user
};

/// The file system that holds `path`, or an open file (`name` is named in errors); throws
/// Error{store}.
Space file_system_space(const std::filesystem::path& path);
Space file_system_space(const Fd& file, std::string_view name);

/// Directory of the running executable, from /proc/self/exe.
std::filesystem::path executable_directory();

}  // namespace bkp::util
