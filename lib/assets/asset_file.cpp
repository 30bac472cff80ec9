#include "assets/asset_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stream/hash.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::assets {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::array<std::string_view, 4> names{"ok", "missing", "corrupt", "unreadable"};
constexpr std::size_t piece = std::size_t{1} << 20U;

FoundFile unreadable(std::string why) {
  FoundFile found;
  found.state = AssetState::unreadable;
  found.error = std::move(why);
  return found;
}

}  // namespace

std::string_view to_text(AssetState state) {
  return names.at(static_cast<std::size_t>(state));
}

std::optional<std::string> below(const std::filesystem::path& root, const std::string& path) {
  const std::filesystem::path given{path};
  if (given.is_relative()) return path;
  const auto relative = given.lexically_normal().lexically_relative(root.lexically_normal());
  if (relative.empty() || *relative.begin() == "..") return std::nullopt;
  return relative.string();
}

AssetRoot::AssetRoot(std::filesystem::path path)
    : m_path{std::move(path)},
      m_directory{::open(m_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)} {
  if (m_directory) return;
  const auto error = Error::from_errno(
      ErrorKind::store, fmt::format("{} cannot be opened", util::quoted(m_path.string())), errno);
  throw error.reworded(error.message(), "is it mounted? is `assets[].root` right?");
}

util::Fd AssetRoot::open_below(const std::string& path, int flags, FoundFile& found) const {
  const auto relative = below(m_path, path);
  if (!relative || path.find('\0') != path.npos) {
    found = unreadable(fmt::format("it is not below {}", util::quoted(m_path.string())));
    return {};
  }
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const auto file = ::syscall(SYS_openat2, m_directory.get(), relative->c_str(), &how, sizeof how);
  if (file >= 0) return util::Fd{static_cast<int>(file)};
  if (errno == ENOENT || errno == ENOTDIR) {
    found.state = AssetState::missing;
  } else if (errno == EXDEV) {
    found = unreadable(fmt::format("it leads out of {}", util::quoted(m_path.string())));
  } else {
    found = unreadable(errno == EACCES ? fmt::format("user {} may not read it", util::user_name())
                                       : std::string{std::strerror(errno)});
  }
  return {};
}

FoundFile AssetRoot::look_at(const std::string& path) const {
  FoundFile found;
  const auto file = open_below(path, O_PATH, found);
  if (!file) return found;
  struct ::stat status {};
  if (::fstat(file.get(), &status) != 0) return unreadable(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return unreadable("it is no regular file");
  found.bytes = static_cast<std::uint64_t>(status.st_size);
  return found;
}

FoundFile AssetRoot::read(const std::string& path, std::string_view sha256,
                          const util::Interrupt& interrupt) const {
  FoundFile found;
  // A pipe would be waited for.
  const auto file = open_below(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, found);
  if (!file) return found;
  struct ::stat before {};
  if (::fstat(file.get(), &before) != 0) return unreadable(std::strerror(errno));
  if (!S_ISREG(before.st_mode)) return unreadable("it is no regular file");
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  stream::NullSink nowhere;
  stream::HashSink hash{nowhere, stream::DigestSet::sha256};
  std::vector<std::byte> buffer(piece);
  for (std::uint64_t at = 0;;) {
    interrupt.check();
    const auto got = ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(std::strerror(errno));
    if (got == 0) break;
    hash.write(std::span{buffer}.first(static_cast<std::size_t>(got)));
    ::posix_fadvise(file.get(), static_cast<off_t>(at), got, POSIX_FADV_DONTNEED);
    at += static_cast<std::uint64_t>(got);
  }
  hash.finish();
  found.bytes = hash.digests().bytes;
  found.sha256 = hash.digests().sha256;
  struct ::stat after {};
  if (::fstat(file.get(), &after) != 0) return unreadable(std::strerror(errno));
  found.modified = util::Time{std::chrono::seconds{after.st_mtim.tv_sec} +
                              std::chrono::nanoseconds{after.st_mtim.tv_nsec}};
  found.changing = !util::is_unmodified(before, after);
  if (!sha256.empty() && found.sha256 != sha256) found.state = AssetState::corrupt;
  return found;
}

}  // namespace bkp::assets
