#include "bench/physical/pgbackrest.hpp"

#include <fmt/format.h>

#include "bench/physical/background.hpp"

namespace bkp::bench {

namespace {

constexpr auto program = "/usr/bin/pgbackrest";

std::string settings(const std::string& directory, test::Cluster& cluster, bool blocks) {
  return fmt::format(
      "[global]\n"
      "repo1-path={0}/repository\n"
      "repo1-bundle=y\n"
      "{1}"
      "compress-type=zst\n"
      "compress-level=3\n"
      "process-max=2\n"
      "start-fast=y\n"
      "lock-path={0}/lock\n"
      "spool-path={0}/spool\n"
      "log-level-console=error\n"
      "log-level-file=off\n"
      "[studio]\n"
      "pg1-path={2}\n"
      "pg1-socket-path={3}\n"
      "pg1-port={4}\n"
      "pg1-user=postgres\n",
      directory, blocks ? "repo1-block=y\n" : "", cluster.data_directory().string(),
      cluster.socket_directory().string(), cluster.port());
}

/// Where the option is still a trial, pgBackRest warns of it.
bool has_blocks() {
  const auto help = test::Program{{program, "help", "backup", "repo-block"}}.run();
  return help.succeeded() && help.out.find("BETA") == std::string::npos;
}

}  // namespace

PgBackRest::PgBackRest(PhysicalSite& site)
    : m_site{site},
      m_directory{site.cluster().make_directory("pgbackrest")},
      m_blocks{has_blocks()} {
  const auto file = m_directory / "pgbackrest.conf";
  test::write_text(file, settings(m_directory, site.cluster(), m_blocks));
  site.cluster().give(file);
  test::output_of(run({"stanza-create"}));
}

PgBackRest::~PgBackRest() {
  run({"--force", "stop"}).run();
}

test::Program PgBackRest::run(std::vector<std::string> arguments) const {
  arguments.insert(
      arguments.begin(),
      {program, "--config=" + (m_directory / "pgbackrest.conf").string(), "--stanza=studio"});
  return m_site.program(std::move(arguments));
}

std::string PgBackRest::command(const std::string& what) const {
  return fmt::format("{} --config={}/pgbackrest.conf --stanza=studio {}", program,
                     m_directory.string(), what);
}

std::string PgBackRest::description() const {
  auto version = test::output_of(test::Program{{program, "version"}});
  version.pop_back();
  return version + (m_blocks ? ", changed blocks" : ", whole files");
}

std::string PgBackRest::archive_push(bool async) const {
  return command(async ? "--archive-async archive-push %p" : "archive-push %p");
}

std::string PgBackRest::archive_get() const {
  return command("--archive-async archive-get %f %p");
}

test::Program PgBackRest::backup(const std::string& type) const {
  return run({"--type=" + type, "backup"});
}

std::filesystem::path PgBackRest::newest_backup() const {
  const auto backups = m_directory / "repository/backup/studio";
  return backups / std::filesystem::read_symlink(backups / "latest");
}

std::string PgBackRest::newest_label() const {
  return newest_backup().filename();
}

test::Program PgBackRest::restore(const std::string& label, const std::filesystem::path& to) const {
  return run({"--set=" + label, "--type=immediate", "--pg1-path=" + to.string(), "restore"});
}

void PgBackRest::wait_for_background() const {
  wait_until_unlocked(m_directory / "lock/studio-archive.lock");
}

void PgBackRest::empty_archive() const {
  wait_for_background();
  std::filesystem::remove_all(m_directory / "spool/archive/studio/out");
  for (const auto& entry :
       std::filesystem::directory_iterator{m_directory / "repository/archive/studio"}) {
    if (entry.is_directory()) std::filesystem::remove_all(entry.path());
  }
}

void PgBackRest::forget_fetched() const {
  wait_for_background();
  std::filesystem::remove_all(m_directory / "spool/archive/studio/in");
}

}  // namespace bkp::bench
