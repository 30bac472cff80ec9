#pragma once

#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "sftp/error.hpp"
#include "sftp/session.hpp"

namespace bkp::sftp {

/// The sessions of one SFTP store. A session serves one thread at a time, so there are as many as
/// are in use at once; a few that are not are kept for the next. Any thread.
class Pool {
 public:
  /// `interrupt` must outlive the pool.
  Pool(Address address, Login login, Limits limits, const util::Interrupt& interrupt);

  /// A session in use. Goes back to the pool at its end, unless it is broken.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Session> session, bool used_before)
        : m_pool{&pool}, m_session{std::move(session)}, m_used_before{used_before} {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (m_session) m_pool->take_back(std::move(m_session));
    }
    Session& operator*() const { return *m_session; }
    Session* operator->() const { return m_session.get(); }
    /// The server may have ended the connection while nobody looked.
    bool used_before() const { return m_used_before; }

   private:
    Pool* m_pool;
    std::unique_ptr<Session> m_session;
    bool m_used_before;
  };

  const Address& address() const { return m_address; }
  const Limits& limits() const { return m_limits; }

  /// Throws what Session's constructor does.
  Lease lease();

  /// The attempts at something that may fail for a reason that passes.
  class Attempts {
   public:
    Attempts(Pool& pool, const Operation& operation) : m_pool{pool}, m_operation{operation} {}
    /// Waits before the next attempt; throws the operation's Error when there is to be none, and
    /// Error{interrupted}.
    void after(const ConnectionLost& lost, bool used_before);
    /// Something was achieved: what happened before does not count.
    void start_again() noexcept { m_failed = 0; }

   private:
    Pool& m_pool;
    const Operation& m_operation;
    int m_failed = 0;
  };

  /// `body(lease)`, again with another session when the connection breaks: it must be such that
  /// doing it twice does no harm, and must throw no ConnectionLost of another pool. Refusals
  /// become the operation's Error.
  template <class Body>
  auto run(const Operation& operation, Body&& body) {
    Attempts attempts{*this, operation};
    for (;;) {
      bool used_before = false;
      try {
        Lease lease = this->lease();
        used_before = lease.used_before();
        return body(lease);
      } catch (const ConnectionLost& lost) {
        attempts.after(lost, used_before);
      } catch (const Refusal& refusal) {
        throw operation.failed(refusal);
      }
    }
  }

  /// `body(session)` once or, where a kept session turns out to be broken, twice; in a hurry (see
  /// Limits::clean_up), interrupts unheeded. `session` is used where it is not broken. Whatever
  /// is thrown ends it silently: what is to be cleaned up may stay.
  template <class Body>
  void clean_up(Session* session, Body&& body) noexcept {
    try {
      if (session != nullptr && !session->broken()) {
        session->hurry(m_limits.clean_up);
        body(*session);
        return;
      }
    } catch (const ConnectionLost&) {
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
  void take_back(std::unique_ptr<Session> session) noexcept;
  std::unique_ptr<Session> session_in_a_hurry() const;

  Address m_address;
  Login m_login;
  Limits m_limits;
  const util::Interrupt& m_interrupt;
  std::mutex m_mutex;
  std::vector<std::unique_ptr<Session>> m_idle;
};

}  // namespace bkp::sftp
