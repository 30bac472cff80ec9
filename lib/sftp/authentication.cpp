#include "sftp/authentication.hpp"

#include <memory>
#include <new>
#include <string_view>

#include <fmt/format.h>

#include "sftp/error.hpp"
#include "sftp/libssh2.hpp"
#include "util/text.hpp"

namespace bkp::sftp {

using util::Error;
using util::ErrorKind;

namespace {

using std::chrono::milliseconds;

/// Of a server that no longer takes the old signatures of RSA keys (OpenSSH since 8.8), where this
/// libssh2 makes no newer ones (it does since 1.11).
constexpr std::string_view rsa_hint =
    "; an RSA key may be refused where an Ed25519 key is not: ssh-keygen -t ed25519";

void log_in_with_file(Connection& connection, const Address& address, const Login& login,
                      milliseconds limit) {
  const int code = connection.complete(limit, [&] {
    return libssh2_userauth_publickey_frommemory(connection.session(), address.user.data(),
                                                 address.user.size(), nullptr, 0, login.key.data(),
                                                 login.key.size(), nullptr);
  });
  if (code == 0) return;
  if (is_connection_error(code)) connection.give_up();
  const auto& file = *login.key_file;
  if (code == LIBSSH2_ERROR_FILE || code == LIBSSH2_ERROR_METHOD_NONE ||
      code == LIBSSH2_ERROR_PROTO || code == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED) {
    throw Error{ErrorKind::key, fmt::format("{} is no private key that can be used", file),
                "make one for backups alone, without a passphrase: ssh-keygen -t ed25519 -N ''"};
  }
  // To libssh2 a connection that ends before the answer is a refusal.
  if (!connection.seems_alive()) connection.give_up();
  throw Error{ErrorKind::key,
              fmt::format("{} does not let user {} in with the key {}", address.url(),
                          util::quoted(address.user), file),
              fmt::format("add its public key (ssh-keygen -yf {}) to ~{}/.ssh/authorized_keys on "
                          "the host{}",
                          util::shell_quoted(file), util::printable(address.user), rsa_hint)};
}

struct AgentDeleter {
  void operator()(LIBSSH2_AGENT* agent) const noexcept {
    libssh2_agent_disconnect(agent);
    libssh2_agent_free(agent);
  }
};

void log_in_with_agent(Connection& connection, const Address& address, const Login& login,
                       milliseconds limit) {
  constexpr auto hint =
      "name a key file (the store's key_file, or --ssh-key; ssh-keygen -t ed25519 -N '' makes "
      "one), which runs without you too, or start an agent, ssh-add a key and set SSH_AUTH_SOCK";
  if (!login.agent_socket) {
    throw Error{ErrorKind::key,
                fmt::format("there is nothing to log in to {} with: no key file is named, and "
                            "SSH_AUTH_SOCK names no agent",
                            address.url()),
                hint};
  }
  const std::unique_ptr<LIBSSH2_AGENT, AgentDeleter> agent{
      libssh2_agent_init(connection.session())};
  if (!agent) throw std::bad_alloc{};
  libssh2_agent_set_identity_path(agent.get(), login.agent_socket->c_str());
  if (libssh2_agent_connect(agent.get()) != 0 || libssh2_agent_list_identities(agent.get()) != 0) {
    throw Error{ErrorKind::key,
                fmt::format("the SSH agent at {} cannot be asked", *login.agent_socket), hint};
  }
  int tried = 0;
  libssh2_agent_publickey* identity = nullptr;
  while (libssh2_agent_get_identity(agent.get(), &identity, identity) == 0) {
    const int code = connection.complete(
        limit, [&] { return libssh2_agent_userauth(agent.get(), address.user.c_str(), identity); });
    if (code == 0) return;
    ++tried;
    if (!is_connection_error(code) && connection.seems_alive()) continue;
    if (tried == 1) connection.give_up();
    // It closes the connection to one who knocks too often.
    break;
  }
  throw Error{ErrorKind::key,
              fmt::format("{} does not let user {} in with any of the agent's keys ({} tried)",
                          address.url(), util::quoted(address.user), tried),
              fmt::format("add one's public key (ssh-add -L) to ~{}/.ssh/authorized_keys on the "
                          "host, or name its file as the key{}",
                          util::printable(address.user), rsa_hint)};
}

}  // namespace

void log_in(Connection& connection, const Address& address, const Login& login,
            milliseconds limit) {
  if (login.key_file) {
    log_in_with_file(connection, address, login, limit);
  } else {
    log_in_with_agent(connection, address, login, limit);
  }
}

}  // namespace bkp::sftp
