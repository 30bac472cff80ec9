#include "support/listeners.hpp"

#include <algorithm>

#include "support/fail.hpp"
#include "support/program.hpp"
#include "support/wait_until.hpp"

namespace bkp::test {

namespace fs = std::filesystem;

namespace {

RunningProgram started(const std::string& script, const fs::path& directory,
                       const std::vector<std::string>& arguments) {
  // Debian's, which has Debian's modules.
  std::vector<std::string> argv{"/usr/bin/python3", fs::path{BKP_TEST_DATA} / "../support" / script,
                                directory.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto server = Program{argv}.with_variable("PYTHONDONTWRITEBYTECODE", "1").start();
  const auto listens = [&] { return fs::exists(directory / "port"); };
  if (!wait_until([&] { return listens() || !server.running(); }) || !listens())
    fail(script + " did not start: " + server.err_so_far());
  return server;
}

/// A self-signed one, for 127.0.0.1.
std::unique_ptr<TemporaryDirectory> made_certificate() {
  auto made = std::make_unique<TemporaryDirectory>();
  const auto& directory = *made;
  output_of(Program{{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                     "/CN=listener", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                     (directory / "key").string(), "-out", (directory / "certificate").string()}});
  return made;
}

std::vector<std::string> arguments_of(MailListener::Tls tls, const std::string& user,
                                      const std::string& password, const fs::path& certificate) {
  std::vector<std::string> arguments;
  if (tls != MailListener::Tls::none) {
    arguments = {"--certificate", (certificate / "certificate").string(), "--key",
                 (certificate / "key").string()};
  }
  if (tls == MailListener::Tls::from_the_beginning) arguments.emplace_back("--from-the-beginning");
  if (!user.empty()) arguments.insert(arguments.end(), {"--user", user, "--password", password});
  return arguments;
}

}  // namespace

Listener::Listener(const std::string& script, const std::vector<std::string>& arguments,
                   std::string ending)
    : m_ending{std::move(ending)},
      m_server{started(script, m_directory.path(), arguments)},
      m_port{static_cast<std::uint16_t>(std::stoi(read_text(m_directory / "port")))} {}

std::vector<std::string> Listener::received() const {
  std::vector<std::string> all;
  for (int number = 1;; ++number) {
    const auto file = m_directory / (std::to_string(number) + m_ending);
    if (!fs::exists(file)) return all;
    all.push_back(read_text(file));
  }
}

std::string HttpListener::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + path;
}

void HttpListener::answer(const std::string& what) const {
  write_text(directory() / "answer", what);
}

MailListener::MailListener(Tls tls, const std::string& user, const std::string& password)
    : MailListener{tls, user, password, made_certificate()} {}

MailListener::MailListener(Tls tls, const std::string& user, const std::string& password,
                           std::unique_ptr<TemporaryDirectory> certificate)
    : Listener{"mail_listener.py", arguments_of(tls, user, password, certificate->path()), ".eml"},
      m_tls{tls},
      m_certificate{std::move(certificate)} {}

std::string MailListener::url() const {
  return (m_tls == Tls::from_the_beginning ? "smtps://127.0.0.1:" : "smtp://127.0.0.1:") +
         std::to_string(port());
}

}  // namespace bkp::test
