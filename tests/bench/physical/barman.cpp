#include "bench/physical/barman.hpp"

#include <fmt/format.h>

namespace bkp::bench {

namespace {

std::string settings(const std::string& directory, const test::Cluster& cluster) {
  return fmt::format(
      "[barman]\n"
      "barman_user = {1}\n"
      "barman_home = {0}\n"
      "barman_lock_directory = {0}\n"
      "configuration_files_directory = {0}\n"
      "log_file = {0}/log\n"
      "[studio]\n"
      "description = what is measured\n"
      "conninfo = {2}\n"
      "streaming_conninfo = {2}\n"
      "archiver = on\n"
      "backup_method = postgres\n"
      "backup_compression = zstd\n"
      "backup_compression_level = 3\n"
      "backup_compression_workers = 2\n"
      "backup_compression_location = client\n",
      directory, cluster.user().name, cluster.conninfo());
}

}  // namespace

Barman::Barman(PhysicalSite& site)
    : m_site{site}, m_directory{site.cluster().make_directory("barman")} {
  const auto file = m_directory / "barman.conf";
  test::write_text(file, settings(m_directory, site.cluster()));
  site.cluster().give(file);
  // It makes its directories when it looks for them, and takes no backup before it has some WAL.
  run({"check", "studio"}).run();
  site.archive_with(archive_command());
  test::output_of(run({"switch-wal", "--force", "--archive", "studio"}));
}

test::Program Barman::run(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(),
                   {"/usr/bin/barman", "-q", "-c", (m_directory / "barman.conf").string()});
  return m_site.program(std::move(arguments));
}

std::string Barman::version() const {
  const auto text = test::output_of(test::Program{{"/usr/bin/barman", "--version"}});
  return "barman " + text.substr(0, text.find(' '));
}

std::string Barman::archive_command() const {
  return fmt::format("cp %p {}/studio/incoming/%f", m_directory.string());
}

}  // namespace bkp::bench
