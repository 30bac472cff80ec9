#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "sftp/address.hpp"
#include "sftp/libssh2.hpp"
#include "sftp/login.hpp"
#include "util/fd.hpp"
#include "util/interrupt.hpp"

namespace bkp::sftp {

/// A connection to an SSH server that has shown a known key and let the user in: libssh2, used
/// without blocking. One thread at a time.
///
/// A connection on which something was thrown is in an unknown state: broken() is true from then
/// on, and nothing but its end may follow.
class Connection {
 public:
  /// Throws ConnectionLost; Error{key} for an unknown, changed or revoked host key and for a
  /// login that is refused; Error{interrupted}. Interrupts are not heeded when `interrupt` is null.
  /// What is passed must outlive the connection. The host's name is looked up without a limit of
  /// time but the resolver's own, and an SSH agent may take its time, to ask a person for instance.
  Connection(const Address& address, const Login& login, std::chrono::milliseconds connect_limit,
             const util::Interrupt* interrupt);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  LIBSSH2_SESSION* session() noexcept { return m_session.get(); }
  bool broken() const noexcept { return m_broken; }
  /// False when the server has ended the connection meanwhile. True is no promise.
  bool seems_alive() const noexcept;

  /// Repeats a call of libssh2 until it is done, waiting for the server in between: its result, an
  /// error's code or, for pointers, null. Throws ConnectionLost when nothing happens on the
  /// connection for `limit`, Error{interrupted}.
  template <class Call>
  auto complete(std::chrono::milliseconds limit, Call&& call) {
    heed_interrupt();
    for (;;) {
      const auto result = call();
      if (!must_wait(result)) return result;
      wait(limit);
    }
  }
  /// Waits until the server has sent something or takes more; throws as above.
  void wait(std::chrono::milliseconds limit);
  /// Throws Error{interrupted} when that was asked for; the connection is broken from here on.
  void heed_interrupt();
  /// ConnectionLost with libssh2's reason; the connection is broken from here on.
  [[noreturn]] void give_up();
  /// Interrupts are no longer heeded.
  void ignore_interrupts() noexcept { m_interrupt = nullptr; }
  /// Nothing more will be sent or received; what waits returns with an error.
  void shut_down() noexcept;

 private:
  struct SessionDeleter {
    void operator()(LIBSSH2_SESSION* session) const noexcept;
  };

  bool must_wait(int result) const noexcept { return result == LIBSSH2_ERROR_EAGAIN; }
  bool must_wait(ssize_t result) const noexcept { return result == LIBSSH2_ERROR_EAGAIN; }
  template <class T>
  bool must_wait(T* result) const noexcept {
    return result == nullptr && libssh2_session_last_errno(m_session.get()) == LIBSSH2_ERROR_EAGAIN;
  }
  void shake_hands(const Address& address, const Login& login);
  void require_known_host(const Address& address, const Login& login);

  std::chrono::milliseconds m_connect_limit;
  const util::Interrupt* m_interrupt;
  util::Fd m_socket;
  std::unique_ptr<LIBSSH2_SESSION, SessionDeleter> m_session;
  bool m_broken = false;
};

/// Whether libssh2's error is one of the network, and not an answer of the server.
bool is_connection_error(int code) noexcept;

}  // namespace bkp::sftp
