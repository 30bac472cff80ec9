#include "support/sshd.hpp"

#include <pwd.h>
#include <unistd.h>

#include <stdexcept>

#include <fmt/format.h>

#include "support/loopback.hpp"
#include "support/program.hpp"
#include "support/wait_until.hpp"

namespace bkp::test {

namespace fs = std::filesystem;

namespace {

/// "type base64" of a public key file.
std::string public_key(const fs::path& path) {
  const std::string text = read_text(path);
  return text.substr(0, text.find(' ', text.find(' ') + 1));
}

std::string this_user() {
  const passwd* entry = ::getpwuid(::geteuid());
  if (entry == nullptr) throw std::runtime_error{"the user who runs the tests has no name"};
  return entry->pw_name;
}

RunningProgram started(const fs::path& directory, const SshdOptions& options, std::uint16_t port) {
  // sshd reads authorized_keys as the user it lets in.
  fs::permissions(directory, fs::perms{0755});
  make_ssh_key(directory / "key");
  fs::copy_file(directory / "key.pub", directory / "authorized_keys");
  std::string configuration = options.configuration + "\n";
  for (const std::string& type : options.host_key_types) {
    const fs::path key = directory / ("host_key_" + type);
    make_ssh_key(key, type);
    configuration += fmt::format("HostKey {}\n", key.native());
  }
  configuration += fmt::format(
      "ListenAddress 127.0.0.1:{}\nPidFile none\nAuthorizedKeysFile {}\nStrictModes no\n"
      "PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
      "{}MaxStartups 100\n"
      "LogLevel VERBOSE\n",
      port, (directory / "authorized_keys").native(),
      options.sftp.empty() ? ""
                           : fmt::format("Subsystem sftp {0}\nForceCommand {0}\n", options.sftp));
  write_text(directory / "sshd_config", configuration);
  // Where it locks its unprivileged half up; made by the service's start otherwise.
  if (::geteuid() == 0) fs::create_directories("/run/sshd");
  RunningProgram server =
      Program{{"/usr/sbin/sshd", "-D", "-e", "-f", (directory / "sshd_config").native()}}.start();
  const bool listens = wait_until([&] {
    return server.err_so_far().find("Server listening") != std::string::npos || !server.running();
  });
  if (!listens || !server.running()) {
    throw std::runtime_error{"sshd did not start: " + server.err_so_far()};
  }
  return server;
}

}  // namespace

Sshd::Sshd(SshdOptions options)
    : m_user{this_user()},
      m_port{port_of(listen_on_loopback())},
      m_server{started(m_directory.path(), options, m_port)} {}

std::string Sshd::host_key(const std::string& type) const {
  return public_key(m_directory / ("host_key_" + type + ".pub"));
}

std::string Sshd::known_hosts_line(std::optional<std::uint16_t> port,
                                   const std::string& type) const {
  return fmt::format("[127.0.0.1]:{} {}\n", port.value_or(m_port), host_key(type));
}

std::string Sshd::url(const fs::path& path, std::optional<std::uint16_t> port) const {
  return fmt::format("sftp://{}@127.0.0.1:{}{}", m_user, port.value_or(m_port), path.native());
}

void make_ssh_key(const fs::path& path, const std::string& type, const std::string& passphrase) {
  output_of(Program{{"ssh-keygen", "-q", "-t", type, "-N", passphrase, "-C", "", "-f", path}});
}

}  // namespace bkp::test
