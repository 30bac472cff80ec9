#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sftp/connection.hpp"
#include "sftp/libssh2.hpp"
#include "store/store.hpp"

namespace bkp::sftp {

enum class FileType { file, directory, other };

struct Status {
  FileType type = FileType::other;
  std::uint64_t size = 0;  ///< bytes
  util::Time modified;     ///< whole seconds
};

struct Entry {
  std::string name;
  Status status;
};

class File;

/// SFTP version 3 (draft-ietf-secsh-filexfer-02) over a connection of its own. One thread at a
/// time. Everything throws Refusal when the server says no, which leaves the session as good as
/// before; ConnectionLost and Error{interrupted} end it, see Connection.
class Session {
 public:
  /// Also throws what Connection's constructor does, and Error{store} when the server has no
  /// SFTP. What is passed must outlive the session.
  Session(const Address& address, const Login& login, const Limits& limits,
          const util::Interrupt* interrupt);
  ~Session();

  bool broken() const noexcept { return m_connection.broken(); }
  bool seems_alive() const noexcept { return m_connection.seems_alive(); }
  /// For removing what is unfinished: interrupts are not heeded, and no answer is awaited longer.
  void hurry(std::chrono::milliseconds limit) noexcept;
  /// Not to be used again: what it was in the middle of is of no use any more.
  void abandon() noexcept { m_connection.shut_down(); }

  enum class Links { shown, followed };
  /// nullopt where there is nothing.
  std::optional<Status> status(const std::string& path, Links links = Links::shown);
  /// What is in a directory, without "." and ".." and in no order; nullopt where there is none.
  /// Links are shown, not followed.
  std::optional<std::vector<Entry>> entries(const std::string& path);

  enum class Access {
    read,
    write,  ///< what is there
    make,   ///< for writing, 0600; refused when it is there
  };
  std::unique_ptr<File> open(const std::string& path, Access access);
  void make_directory(const std::string& path);  ///< 0700
  /// False when it is not there.
  bool remove_file(const std::string& path);
  /// False when it cannot be removed, e.g. because it is not empty.
  bool remove_directory(const std::string& path);
  /// Within a directory. Fails when there is something by that name: the protocol says so, and
  /// OpenSSH keeps to it, in one step where its file system has hard links.
  void rename(const std::string& from, const std::string& to);
  /// nullopt where the server cannot or may not tell (statvfs@openssh.com).
  std::optional<store::StoreSpace> space(const std::string& path);

 private:
  friend class File;

  /// Completes a call; its result when that is no error, and what is to be thrown otherwise.
  template <class Call>
  auto ask(Call&& call, std::chrono::milliseconds limit);
  template <class Call>
  auto ask(Call&& call);
  [[noreturn]] void fail(int code);

  Limits m_limits;
  Connection m_connection;
  LIBSSH2_SFTP* m_sftp = nullptr;  ///< a part of the connection, freed with it
};

/// A file on the server, open. Requests to read and write are sent ahead of their answers, so that
/// a long way does not slow a transfer down. Not to outlive its session.
class File {
 public:
  File(Session& session, LIBSSH2_SFTP_HANDLE* handle) : m_session{session}, m_handle{handle} {}
  /// Closes, if that can be done without more ado.
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void seek(std::uint64_t offset) noexcept;
  /// 0 means end of file.
  std::size_t read(std::span<std::byte> data);
  /// How many of the first bytes the server has confirmed; the next call must begin with the bytes
  /// after those, and may have more at its end.
  std::size_t write(std::span<const std::byte> data);
  /// Lets the server flush the file to its disk, if it can and may (fsync@openssh.com).
  void flush();
  /// Waits for what was written as flush() does.
  void close();

 private:
  Session& m_session;
  LIBSSH2_SFTP_HANDLE* m_handle;
  bool m_written = false;
};

}  // namespace bkp::sftp
