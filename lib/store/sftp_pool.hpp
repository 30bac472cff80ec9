#pragma once

#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "store/sftp_error.hpp"
#include "store/sftp_session.hpp"

namespace bkp::store {

/// The sessions of one SFTP store. A session serves one thread at a time, so there are as many as
/// are in use at once; a few that are not are kept for the next. Any thread.
class SftpPool {
 public:
  /// `interrupt` must outlive the pool.
  SftpPool(SftpAddress address, SshLogin login, SftpLimits limits,
           const util::Interrupt& interrupt);

  /// A session in use. Goes back to the pool at its end, unless it is broken.
  class Lease {
   public:
    Lease(SftpPool& pool, std::unique_ptr<SftpSession> session, bool used_before)
        : m_pool{&pool}, m_session{std::move(session)}, m_used_before{used_before} {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (m_session) m_pool->take_back(std::move(m_session));
    }
    SftpSession& operator*() const { return *m_session; }
    SftpSession* operator->() const { return m_session.get(); }
    /// The server may have ended the connection while nobody looked.
    bool used_before() const { return m_used_before; }

   private:
    SftpPool* m_pool;
    std::unique_ptr<SftpSession> m_session;
    bool m_used_before;
  };

  const SftpAddress& address() const { return m_address; }
  const SftpLimits& limits() const { return m_limits; }

  /// Throws what SftpSession's constructor does.
  Lease lease();

  /// The attempts at something that may fail for a reason that passes.
  class Attempts {
   public:
    Attempts(SftpPool& pool, const SftpOperation& operation)
        : m_pool{pool}, m_operation{operation} {}
    /// Waits before the next attempt; throws the operation's Error when there is to be none, and
    /// Error{interrupted}.
    void after(const SftpConnectionLost& lost, bool used_before);
    /// Something was achieved: what happened before does not count.
    void start_again() noexcept { m_failed = 0; }

   private:
    SftpPool& m_pool;
    const SftpOperation& m_operation;
    int m_failed = 0;
  };

  /// `body(lease)`, again with another session when the connection breaks: it must be such that
  /// doing it twice does no harm, and must throw no SftpConnectionLost of another pool. Refusals
  /// become the operation's Error.
  template <class Body>
  auto run(const SftpOperation& operation, Body&& body) {
    Attempts attempts{*this, operation};
    for (;;) {
      bool used_before = false;
      try {
        Lease lease = this->lease();
        used_before = lease.used_before();
        return body(lease);
      } catch (const SftpConnectionLost& lost) {
        attempts.after(lost, used_before);
      } catch (const SftpRefusal& refusal) {
        throw operation.failed(refusal);
      }
    }
  }

  /// `body(session)` once or, where a kept session turns out to be broken, twice; in a hurry (see
  /// SftpLimits::clean_up), interrupts unheeded. `session` is used where it is not broken. Whatever
  /// is thrown ends it silently: what is to be cleaned up may stay.
  template <class Body>
  void clean_up(SftpSession* session, Body&& body) noexcept {
    try {
      if (session != nullptr && !session->broken()) {
        session->hurry(m_limits.clean_up);
        body(*session);
        return;
      }
    } catch (const SftpConnectionLost&) {
      // A new connection may do.
    } catch (...) {
      return;
    }
    try {
      const auto other = session_in_a_hurry();
      body(*other);
    } catch (...) {
      // remove_unfinished() will find it.
    }
  }

 private:
  void take_back(std::unique_ptr<SftpSession> session) noexcept;
  std::unique_ptr<SftpSession> session_in_a_hurry() const;

  SftpAddress m_address;
  SshLogin m_login;
  SftpLimits m_limits;
  const util::Interrupt& m_interrupt;
  std::mutex m_mutex;
  std::vector<std::unique_ptr<SftpSession>> m_idle;
};

}  // namespace bkp::store
