#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/physical/physical_site.hpp"

namespace bkp::bench {

/// Segments of pgbench's WAL that stay in pg_wal, and can be made to wait for being archived again
/// and again.
class WalBacklog {
 public:
  WalBacklog(PhysicalSite& site, std::size_t count);

  /// In order.
  const std::vector<std::string>& names() const { return m_names; }
  std::uint64_t bytes() const;

  /// The server archives nothing. The segments wait to be archived, or none does, as if they were.
  void make_wait();
  void make_archived();
  /// Lets the server archive, until none waits any more.
  void drain(const std::string& archive_command);

 private:
  std::filesystem::path status(const std::string& name, const char* suffix) const;
  std::vector<std::string> waiting() const;

  PhysicalSite& m_site;
  std::vector<std::string> m_names;
};

}  // namespace bkp::bench
