#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/running_program.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

/// A server on a free port of 127.0.0.1 that keeps what it is sent, until it is destroyed: one of
/// the scripts beside this file.
class Listener {
 public:
  std::uint16_t port() const { return m_port; }
  /// All that came, oldest first.
  std::vector<std::string> received() const;

 protected:
  Listener(const std::string& script, const std::vector<std::string>& arguments,
           std::string ending);
  std::filesystem::path directory() const { return m_directory.path(); }

 private:
  TemporaryDirectory m_directory;
  std::string m_ending;
  RunningProgram m_server;
  std::uint16_t m_port = 0;
};

class HttpListener : public Listener {
 public:
  HttpListener() : Listener{"http_listener.py", {}, ".request"} {}

  std::string url(const std::string& path) const;
  /// From now on: "200", "500", "302 http://elsewhere/", "hang", "close".
  void answer(const std::string& what) const;
};

/// A mail begins with lines "FROM ADDRESS", "TO ADDRESS…", "TLS True" and an empty line.
class MailListener : public Listener {
 public:
  enum class Tls { none, starttls, from_the_beginning };
  /// With TLS it has the certificate at certificate(), for 127.0.0.1; with a user only whom it
  /// knows is let in.
  explicit MailListener(Tls tls = Tls::none, const std::string& user = {},
                        const std::string& password = {});

  /// smtp://127.0.0.1:PORT, or smtps:.
  std::string url() const;
  /// What signed its certificate: itself.
  std::filesystem::path certificate() const { return *m_certificate / "certificate"; }

 private:
  MailListener(Tls tls, const std::string& user, const std::string& password,
               std::unique_ptr<TemporaryDirectory> certificate);

  Tls m_tls;
  std::unique_ptr<TemporaryDirectory> m_certificate;
};

}  // namespace bkp::test
