#include "sftp/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sftp/authentication.hpp"
#include "sftp/error.hpp"
#include "sftp/socket.hpp"
#include "util/text.hpp"

namespace bkp::sftp {

using util::Error;
using util::ErrorKind;

namespace {

void initialize_library() {
  // Never undone: libcurl uses libssh2 too, and threads may still be in it at the end.
  static const int code = libssh2_init(0);
  if (code != 0) throw Error{ErrorKind::internal, "libssh2 cannot be initialized"};
}

/// The server's keys that can be compared come first; the rest after them, for the message.
std::string preferred_key_types(const std::vector<std::string>& known) {
  std::string list;
  const auto append = [&](const std::string& type) {
    if ((',' + list + ',').find(',' + type + ',') != list.npos) return;
    list += (list.empty() ? "" : ",") + type;
  };
  for (const std::string& type : known) append(type);
  for (const std::string type : {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                 "ecdsa-sha2-nistp521", "ssh-rsa"}) {
    append(type);
  }
  return list;
}

}  // namespace

void Connection::SessionDeleter::operator()(LIBSSH2_SESSION* session) const noexcept {
  // The socket is shut down, so there is nothing to wait for; a call that was not completed may
  // need another turn.
  for (int turn = 0; turn < 10 && libssh2_session_free(session) == LIBSSH2_ERROR_EAGAIN; ++turn) {
  }
}

Connection::Connection(const Address& address, const Login& login,
                       std::chrono::milliseconds connect_limit, const util::Interrupt* interrupt)
    : m_connect_limit{connect_limit}, m_interrupt{interrupt} {
  initialize_library();
  m_socket = connect_to_host(address, connect_limit, interrupt);
  m_session.reset(libssh2_session_init());
  if (!m_session) throw std::bad_alloc{};
  libssh2_session_set_blocking(m_session.get(), 0);
  try {
    shake_hands(address, login);
    require_known_host(address, login);
    log_in(*this, address, login, connect_limit);
  } catch (...) {
    shut_down();
    throw;
  }
}

Connection::~Connection() {
  // A farewell, if it can be said at once.
  if (!m_broken) libssh2_session_disconnect(m_session.get(), "done");
  shut_down();
}

void Connection::shut_down() noexcept {
  // What was given up must not arrive later, when somebody else has done it: closing the socket
  // then drops what the kernel still has to send.
  constexpr linger at_once{1, 0};
  if (m_broken) ::setsockopt(m_socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  m_broken = true;
  ::shutdown(m_socket.get(), SHUT_RDWR);
}

bool Connection::seems_alive() const noexcept {
  char byte = 0;
  const auto got = ::recv(m_socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return !m_broken && (got > 0 || (got < 0 && errno == EAGAIN));
}

void Connection::heed_interrupt() {
  if (m_interrupt == nullptr || m_interrupt->signal() == 0) return;
  m_broken = true;
  m_interrupt->check();
}

void Connection::wait(std::chrono::milliseconds limit) {
  const int directions = libssh2_session_block_directions(m_session.get());
  int events = POLLIN;
  if ((directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0) events |= POLLOUT;
  std::array<pollfd, 2> waiting{pollfd{m_socket.get(), static_cast<short>(events), 0},
                                pollfd{m_interrupt != nullptr ? m_interrupt->fd() : -1, POLLIN, 0}};
  const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(limit.count()));
  heed_interrupt();
  if (ready != 0) return;
  m_broken = true;
  throw ConnectionLost{
      fmt::format("the server is silent for {} s", std::chrono::duration<double>{limit}.count())};
}

void Connection::give_up() {
  m_broken = true;
  char* text = nullptr;
  libssh2_session_last_error(m_session.get(), &text, nullptr, 0);
  throw ConnectionLost{fmt::format("the connection broke ({})",
                                   util::printable(text != nullptr ? text : "no reason"))};
}

void Connection::shake_hands(const Address& address, const Login& login) {
  auto known = login.known_hosts.key_types(address.known_hosts_name());
  if (known.empty()) known = login.known_hosts.key_types(address.host);
  // What this libssh2 does not know it leaves out.
  libssh2_session_method_pref(m_session.get(), LIBSSH2_METHOD_HOSTKEY,
                              preferred_key_types(known).c_str());
  const int code = complete(
      m_connect_limit, [&] { return libssh2_session_handshake(m_session.get(), m_socket.get()); });
  if (code != 0) give_up();
}

void Connection::require_known_host(const Address& address, const Login& login) {
  std::size_t length = 0;
  int type = 0;
  const char* data = libssh2_session_hostkey(m_session.get(), &length, &type);
  if (data == nullptr) give_up();
  const auto key = std::as_bytes(std::span{data, length});
  const auto name = address.known_hosts_name();
  auto answer = login.known_hosts.check(name, key);
  // As ssh does: a key that is known for the host is good for its other ports.
  if (answer.verdict == HostKeyVerdict::unknown && address.port != 22) {
    const auto of_host = login.known_hosts.check(address.host, key);
    if (of_host.verdict != HostKeyVerdict::changed) answer = of_host;
  }
  const auto fingerprint = key_fingerprint(key);
  const auto line = known_hosts_line(name, key);
  switch (answer.verdict) {
    case HostKeyVerdict::known:
      return;
    case HostKeyVerdict::unknown:
      throw Error{
          ErrorKind::key,
          fmt::format("the host key of {} is not known: it shows the {} key {}", address.url(),
                      util::printable(key_type(key)), fingerprint),
          fmt::format("compare the fingerprint with the host's own (ssh-keygen -lf "
                      "/etc/ssh/ssh_host_ed25519_key.pub there); when it is the same, add this "
                      "line to {}: {}",
                      login.known_hosts_file, line)};
    case HostKeyVerdict::changed:
      throw Error{
          ErrorKind::key,
          fmt::format("THE HOST KEY OF {} HAS CHANGED: it shows the {} key {}, and line {} of {} "
                      "knows another. Somebody may be in between, reading and altering backups",
                      address.url(), util::printable(key_type(key)), fingerprint, answer.line,
                      login.known_hosts_file),
          fmt::format("do nothing before somebody who knows the host has told why; only if its key "
                      "was replaced on purpose, put this in place of that line: {}",
                      line)};
    case HostKeyVerdict::revoked:
      throw Error{ErrorKind::key,
                  fmt::format("THE HOST KEY OF {} IS REVOKED by line {} of {}: {}", address.url(),
                              answer.line, login.known_hosts_file, fingerprint),
                  "the key is known to be in wrong hands; give the host a new one"};
  }
}

bool is_connection_error(int code) noexcept {
  return code == LIBSSH2_ERROR_SOCKET_DISCONNECT || code == LIBSSH2_ERROR_SOCKET_SEND ||
         code == LIBSSH2_ERROR_SOCKET_RECV || code == LIBSSH2_ERROR_SOCKET_TIMEOUT ||
         code == LIBSSH2_ERROR_TIMEOUT;
}

}  // namespace bkp::sftp
