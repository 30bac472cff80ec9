#include "exports/entry_writer.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <span>

#include <fmt/format.h>

#include "exports/no_links.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/host.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

Error failed(const std::filesystem::path& path, std::string_view what) {
  const int why = errno;
  auto error = Error::from_errno(ErrorKind::store,
                                 fmt::format("{} {}", util::quoted(path.string()), what), why);
  return error.reworded(
      error.message(), fmt::format("nothing was restored; let user {} write there, and see what is "
                                   "in the way",
                                   util::user_name()));
}

/// For root; false where the names are not known here: then it is this user's.
bool give_to(const util::Fd& made, const Entry& entry, const std::filesystem::path& path) {
  if (::geteuid() != 0) return entry.owner == util::user_name();
  const auto* const user = ::getpwnam(entry.owner.c_str());
  const auto* const group = ::getgrnam(entry.group.c_str());
  if (user == nullptr || group == nullptr) return false;
  if (::fchown(made.get(), user->pw_uid, group->gr_gid) != 0)
    throw failed(path, "cannot be given away");
  return true;
}

void set_mode(const util::Fd& made, const Entry& entry, const std::filesystem::path& path) {
  // Behind the owner: a change of that takes set-user-ID away, which is for that owner alone.
  const auto mode = give_to(made, entry, path) ? entry.mode : entry.mode & 01777U;
  if (::fchmod(made.get(), mode) != 0) throw failed(path, "cannot get its mode");
}

/// A file in the making, beside its place; gone unless it gets there.
class NewFile {
 public:
  NewFile(const util::Fd& directory, const std::filesystem::path& path)
      : m_directory{directory}, m_path{path}, m_name{".bkp-" + util::random_hex(6)} {
    m_file = util::Fd{::openat(directory.get(), m_name.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (m_file.get() < 0) throw failed(path, "cannot be written");
  }
  ~NewFile() {
    if (!m_there) ::unlinkat(m_directory.get(), m_name.c_str(), 0);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  const util::Fd& file() const { return m_file; }
  void put_in_place() {
    if (::fsync(m_file.get()) != 0) throw failed(m_path, "cannot be flushed");
    if (::renameat(m_directory.get(), m_name.c_str(), m_directory.get(),
                   m_path.filename().c_str()) != 0)
      throw failed(m_path, "cannot be replaced");
    m_there = true;
    ::fsync(m_directory.get());
  }

 private:
  const util::Fd& m_directory;
  std::filesystem::path m_path;
  std::string m_name;
  util::Fd m_file;
  bool m_there = false;
};

util::Fd open_directory(const std::filesystem::path& path) {
  try {
    return open_without_links(path, O_RDONLY | O_DIRECTORY);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
  {
    const auto parent = open_directory(path.parent_path());
    if (::mkdirat(parent.get(), path.filename().c_str(), 0755) != 0 && errno != EEXIST)
      throw failed(path, "cannot be made");
  }
  return open_without_links(path, O_RDONLY | O_DIRECTORY);
}

}  // namespace

void write_entry(const Entry& entry) {
  const std::filesystem::path path{entry.origin};
  if (entry.type == EntryType::directory) {
    set_mode(open_directory(path), entry, path);
    return;
  }
  const auto directory = open_directory(path.parent_path());
  NewFile file{directory, path};
  util::write_all(file.file().get(), std::as_bytes(std::span{entry.contents}),
                  util::quoted(entry.origin));
  set_mode(file.file(), entry, path);
  file.put_in_place();
}

void remove_entry(const std::filesystem::path& path) noexcept {
  try {
    const auto directory = open_without_links(path.parent_path(), O_RDONLY | O_DIRECTORY);
    if (::unlinkat(directory.get(), path.filename().c_str(), 0) != 0)
      ::unlinkat(directory.get(), path.filename().c_str(), AT_REMOVEDIR);
  } catch (const Error&) {
    // It is not there, or somebody else's by now.
  }
}

}  // namespace bkp::exports
