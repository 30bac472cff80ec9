#include "bench/physical/wal_backlog.hpp"

#include <algorithm>
#include <stdexcept>

#include "support/wait_until.hpp"

namespace bkp::bench {

namespace {

// What the server knows of a segment, as the end of a name in pg_wal/archive_status.
constexpr auto ready = ".ready";
constexpr auto done = ".done";

}  // namespace

WalBacklog::WalBacklog(PhysicalSite& site, std::size_t count) : m_site{site} {
  site.cluster().psql("postgres", "alter system set wal_keep_size = '64GB'");
  site.archive_with("true");
  site.hold_archiving();
  while (m_names.size() < count) {
    test::output_of(site.pgbench(2));
    m_names = waiting();
  }
  m_names.resize(count);
  make_archived();
}

std::uint64_t WalBacklog::bytes() const {
  return m_names.size() * std::filesystem::file_size(m_site.pg_wal(m_names.front()));
}

std::filesystem::path WalBacklog::status(const std::string& name, const char* suffix) const {
  return m_site.pg_wal("archive_status") / (name + suffix);
}

std::vector<std::string> WalBacklog::waiting() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{m_site.pg_wal("archive_status")}) {
    if (entry.path().extension() == ready) names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

void WalBacklog::make_archived() {
  m_site.hold_archiving();
  for (const auto& name : waiting())
    std::filesystem::rename(status(name, ready), status(name, done));
}

void WalBacklog::make_wait() {
  make_archived();
  for (const auto& name : m_names) std::filesystem::rename(status(name, done), status(name, ready));
}

void WalBacklog::drain(const std::string& archive_command) {
  m_site.set_archive_command(archive_command);
  if (!test::wait_until([this] { return waiting().empty(); }))
    throw std::runtime_error{"not archived:\n" + m_site.cluster().log_text()};
}

}  // namespace bkp::bench
