#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sftp/store.hpp"
#include "support/no_programs.hpp"
#include "support/sshd.hpp"
#include "support/store_contract.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

/// The server that most tests use.
inline Sshd& shared_sshd() {
  static Sshd sshd;
  return sshd;
}

/// SFTP stores of one test: their directory on the server, and what they need around them.
struct SftpBench {
  explicit SftpBench(const Sshd& server = shared_sshd()) : sshd{server} {
    options.key_file = sshd.key();
    options.known_hosts_file = directory / "known_hosts";
    // At every port, those of proxies too.
    write_text(directory / "known_hosts", "[127.0.0.1]:* " + sshd.host_key() + "\n");
    limits.backoff = {.attempts = 3,
                      .first = std::chrono::milliseconds{1},
                      .most = std::chrono::milliseconds{10}};
  }

  /// `name` is a directory in `directory`; made by init's mode unless told.
  std::unique_ptr<sftp::Store> open(const std::string& name = "root",
                                    std::optional<std::uint16_t> port = {},
                                    store::OpenMode mode = store::OpenMode::create) {
    return open_url(sshd.url(directory / name, port), mode);
  }
  std::unique_ptr<sftp::Store> open_url(const std::string& url, store::OpenMode mode) {
    return std::make_unique<sftp::Store>(url, options, mode,
                                         store::Seams{environment, programs, interrupt}, limits);
  }

  const Sshd& sshd;
  TemporaryDirectory directory;
  sftp::Options options{};
  sftp::Limits limits{};
  util::Environment environment{};
  NoPrograms programs{};
  util::Interrupt interrupt{};
};

inline std::size_t entries_below(const std::filesystem::path& path) {
  using Walk = std::filesystem::recursive_directory_iterator;
  return static_cast<std::size_t>(std::distance(Walk{path}, Walk{}));
}

}  // namespace bkp::test
