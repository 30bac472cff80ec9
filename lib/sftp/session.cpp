#include "sftp/session.hpp"

#include <array>

#include <fmt/format.h>

#include "sftp/error.hpp"
#include "util/text.hpp"

namespace bkp::sftp {

using util::Error;
using util::ErrorKind;

namespace {

Status status_of(const LIBSSH2_SFTP_ATTRIBUTES& attributes) {
  Status status;
  if ((attributes.flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) != 0) {
    if (LIBSSH2_SFTP_S_ISREG(attributes.permissions)) status.type = FileType::file;
    if (LIBSSH2_SFTP_S_ISDIR(attributes.permissions)) status.type = FileType::directory;
  }
  if ((attributes.flags & LIBSSH2_SFTP_ATTR_SIZE) != 0) status.size = attributes.filesize;
  if ((attributes.flags & LIBSSH2_SFTP_ATTR_ACMODTIME) != 0) {
    status.modified = util::Time{std::chrono::seconds{attributes.mtime}};
  }
  return status;
}

unsigned length_of(const std::string& path) {
  return static_cast<unsigned>(path.size());
}

}  // namespace

template <class Call>
auto Session::ask(Call&& call, std::chrono::milliseconds limit) {
  const auto result = m_connection.complete(limit, std::forward<Call>(call));
  if constexpr (std::is_pointer_v<std::remove_const_t<decltype(result)>>) {
    if (result == nullptr) fail(libssh2_session_last_errno(m_connection.session()));
  } else {
    if (result < 0) fail(static_cast<int>(result));
  }
  return result;
}

template <class Call>
auto Session::ask(Call&& call) {
  return ask(std::forward<Call>(call), m_limits.stall);
}

void Session::fail(int code) {
  const auto answer = m_sftp != nullptr ? libssh2_sftp_last_error(m_sftp) : 0;
  if (code == LIBSSH2_ERROR_SFTP_PROTOCOL && answer != LIBSSH2_FX_OK) {
    if (answer == LIBSSH2_FX_NO_CONNECTION || answer == LIBSSH2_FX_CONNECTION_LOST) {
      m_connection.give_up();
    }
    throw Refusal{answer};
  }
  m_connection.give_up();
}

Session::Session(const Address& address, const Login& login, const Limits& limits,
                 const util::Interrupt* interrupt)
    : m_limits{limits}, m_connection{address, login, limits.connect, interrupt} {
  try {
    m_sftp = m_connection.complete(limits.connect,
                                   [&] { return libssh2_sftp_init(m_connection.session()); });
  } catch (const ConnectionLost& lost) {
    // A server that starts another program instead says nothing either.
    throw ConnectionLost{lost.message() + " when asked for SFTP"};
  }
  if (m_sftp != nullptr) return;
  const int code = libssh2_session_last_errno(m_connection.session());
  // libssh2 has errors of its own for a connection that ends here.
  if (is_connection_error(code) || !seems_alive()) m_connection.give_up();
  throw Error{ErrorKind::store,
              fmt::format("cannot open {}: its server lets user {} in, but offers no SFTP",
                          address.url(), util::quoted(address.user)),
              "sshd_config needs a line like: Subsystem sftp internal-sftp"};
}

Session::~Session() = default;

void Session::hurry(std::chrono::milliseconds limit) noexcept {
  m_connection.ignore_interrupts();
  m_limits.stall = m_limits.flush = limit;
}

std::optional<Status> Session::status(const std::string& path, Links links) {
  LIBSSH2_SFTP_ATTRIBUTES attributes{};
  const int kind = links == Links::followed ? LIBSSH2_SFTP_STAT : LIBSSH2_SFTP_LSTAT;
  try {
    ask([&] {
      return libssh2_sftp_stat_ex(m_sftp, path.c_str(), length_of(path), kind, &attributes);
    });
  } catch (const Refusal& refusal) {
    if (refusal.is_absence()) return std::nullopt;
    throw;
  }
  return status_of(attributes);
}

std::optional<std::vector<Entry>> Session::entries(const std::string& path) {
  LIBSSH2_SFTP_HANDLE* handle = nullptr;
  try {
    handle = ask([&] {
      return libssh2_sftp_open_ex(m_sftp, path.c_str(), length_of(path), 0, 0,
                                  LIBSSH2_SFTP_OPENDIR);
    });
  } catch (const Refusal& refusal) {
    if (refusal.is_absence()) return std::nullopt;
    throw;
  }
  File directory{*this, handle};
  std::vector<Entry> entries;
  // Longer names than file systems have.
  std::array<char, 4096> name{};
  for (;;) {
    LIBSSH2_SFTP_ATTRIBUTES attributes{};
    const int length =
        ask([&] { return libssh2_sftp_readdir(handle, name.data(), name.size(), &attributes); });
    if (length == 0) break;
    std::string text{name.data(), static_cast<std::size_t>(length)};
    if (text == "." || text == "..") continue;
    entries.push_back({std::move(text), status_of(attributes)});
  }
  directory.close();
  return entries;
}

std::unique_ptr<File> Session::open(const std::string& path, Access access) {
  unsigned long flags = LIBSSH2_FXF_READ;
  if (access == Access::write) flags = LIBSSH2_FXF_WRITE;
  if (access == Access::make) flags = LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_EXCL;
  auto* const handle = ask([&] {
    return libssh2_sftp_open_ex(m_sftp, path.c_str(), length_of(path), flags, 0600,
                                LIBSSH2_SFTP_OPENFILE);
  });
  return std::make_unique<File>(*this, handle);
}

void Session::make_directory(const std::string& path) {
  ask([&] { return libssh2_sftp_mkdir_ex(m_sftp, path.c_str(), length_of(path), 0700); });
}

bool Session::remove_file(const std::string& path) {
  try {
    ask([&] { return libssh2_sftp_unlink_ex(m_sftp, path.c_str(), length_of(path)); });
    return true;
  } catch (const Refusal& refusal) {
    if (refusal.is_absence()) return false;
    throw;
  }
}

bool Session::remove_directory(const std::string& path) {
  try {
    ask([&] { return libssh2_sftp_rmdir_ex(m_sftp, path.c_str(), length_of(path)); });
    return true;
  } catch (const Refusal&) {
    return false;
  }
}

void Session::rename(const std::string& from, const std::string& to) {
  ask([&] {
    return libssh2_sftp_rename_ex(m_sftp, from.c_str(), length_of(from), to.c_str(), length_of(to),
                                  0);
  });
}

std::optional<store::StoreSpace> Session::space(const std::string& path) {
  LIBSSH2_SFTP_STATVFS status{};
  try {
    ask([&] { return libssh2_sftp_statvfs(m_sftp, path.c_str(), path.size(), &status); });
  } catch (const Refusal& refusal) {
    if (refusal.is_unsupported()) return std::nullopt;
    throw;
  }
  return store::StoreSpace{status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize};
}

File::~File() {
  if (m_handle == nullptr) return;
  try {
    if (!m_session.broken()) {
      close();
      return;
    }
  } catch (...) {
    // What was thrown before is what counts.
  }
  // Frees the memory; there is nobody to be told any more. (libssh2 1.10 does not free what it
  // notes of requests under way, some 30 bytes each.)
  m_session.abandon();
  for (int turn = 0; turn < 10 && libssh2_sftp_close_handle(m_handle) == LIBSSH2_ERROR_EAGAIN;
       ++turn) {
  }
}

void File::seek(std::uint64_t offset) noexcept {
  libssh2_sftp_seek64(m_handle, offset);
}

std::size_t File::read(std::span<std::byte> data) {
  return static_cast<std::size_t>(m_session.ask([&] {
    return libssh2_sftp_read(m_handle, reinterpret_cast<char*>(data.data()), data.size());
  }));
}

std::size_t File::write(std::span<const std::byte> data) {
  m_written = true;
  return static_cast<std::size_t>(m_session.ask([&] {
    return libssh2_sftp_write(m_handle, reinterpret_cast<const char*>(data.data()), data.size());
  }));
}

void File::flush() {
  try {
    m_session.ask([&] { return libssh2_sftp_fsync(m_handle); }, m_session.m_limits.flush);
  } catch (const Refusal& refusal) {
    if (!refusal.is_unsupported()) throw;
  }
}

void File::close() {
  auto* const handle = m_handle;
  const auto& limits = m_session.m_limits;
  const int code = m_session.m_connection.complete(
      m_written ? limits.flush : limits.stall, [&] { return libssh2_sftp_close_handle(handle); });
  // It is freed whatever the answer.
  m_handle = nullptr;
  if (code < 0) m_session.fail(code);
}

}  // namespace bkp::sftp
