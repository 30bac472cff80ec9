#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/program.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

/// A throwaway S3 service: Ceph's radosgw with a monitor and one OSD in memory, on free ports of
/// 127.0.0.1, state in a directory of its own. Up in about two seconds. Ended, and the directory
/// removed, by the destructor; the programs also end when the thread that made it does. Throws
/// std::runtime_error with the logs when it does not start. Not for concurrent use, except for
/// request().
class CephServer {
 public:
  static constexpr const char* access_key = "bkp-access-key";
  static constexpr const char* secret_key = "bkp-secret-key-0123456789";

  CephServer();

  std::uint16_t port() const { return m_port; }
  /// "http://127.0.0.1:PORT". Buckets are found by path, and at http://localhost:PORT by host.
  std::string endpoint() const;
  /// "https://127.0.0.1:PORT", with a certificate that signs itself.
  std::string tls_endpoint() const;
  std::filesystem::path certificate() const { return m_directory / "certificate.pem"; }

  struct Answer {
    long status = 0;
    std::string head;  ///< all its lines
    std::string body;
  };
  /// A request signed by libcurl, which owes nothing to the code under test. `target`:
  /// "/bucket/key?query", encoded. `headers`: "name: value".
  Answer request(const std::string& method, const std::string& target,
                 const std::vector<std::string>& headers = {}, const std::string& body = {}) const;

  /// A new, empty bucket; its name. Throws unless it was made.
  std::string make_bucket(const std::vector<std::string>& headers = {});
  /// From here on the bucket takes no more than so many bytes in all; 0: as many as there are.
  void set_quota(const std::string& bucket, std::uint64_t bytes) const;

  /// Gives back the memory of removed objects, which Ceph keeps for two hours otherwise.
  void free_removed() const;

 private:
  Program program(std::vector<std::string> argv) const;
  void write_settings() const;
  void make_certificate() const;
  void start_monitor();
  void start_osd();
  void start_gateway();
  std::string logs() const;

  TemporaryDirectory m_directory;
  std::uint16_t m_port;
  std::uint16_t m_tls_port;
  std::string m_fsid;     ///< of the cluster
  std::string m_monitor;  ///< its address, as Ceph writes it
  int m_buckets = 0;
  std::vector<RunningProgram> m_programs;
};

/// One for all tests of a program.
CephServer& ceph();

}  // namespace bkp::test
