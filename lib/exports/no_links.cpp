#include "exports/no_links.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

util::Fd open_without_links(const std::filesystem::path& path, int flags) {
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const auto file = ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how);
  if (file >= 0) return util::Fd{static_cast<int>(file)};
  const int why = errno;
  const auto name = util::quoted(path.string());
  if (why == ELOOP) {
    throw Error{ErrorKind::refused, fmt::format("{} is a link now, or behind one", name),
                "see who made it and where it leads; remove it, or leave the section out"};
  }
  if (why == ENOENT) throw Error{ErrorKind::not_found, fmt::format("there is no {}", name)};
  auto error = Error::from_errno(ErrorKind::store, fmt::format("{} cannot be opened", name), why);
  throw error.reworded(
      error.message(),
      fmt::format("let user {} reach it, and see what is in the way", util::user_name()));
}

}  // namespace bkp::exports
