#pragma once

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include "support/cluster.hpp"
#include "support/outside.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

/// A site as its configuration describes it, with nothing made yet: database "studio" on a
/// throwaway cluster, stores "local" and "second", catalog in database "bkp".
class CommandBench {
 public:
  CommandBench() {
    m_cluster.create_database("studio");
    m_cluster.psql("studio", "create table segments(id int); insert into segments values (1)");
    m_config.file = m_directory / "bkp.yaml";
    test::write_text(m_config.file, "site: studio\n");
    m_config.site = "studio";
    m_config.cluster.conninfo = m_cluster.conninfo();
    m_config.databases.include = {"studio"};
    m_config.catalog.spool_directory = m_directory / "state/spool";
    m_config.recover.scratch_directory = m_directory / "state/scratch";
    for (const char* name : {"local", "second"}) add_store(name);
  }

  /// Runs a command as cli::run_main does: its row opened before and closed after.
  template <class Options>
  cli::Report run(const Options& options, bool dry_run = false) {
    catalog::Recorder recorder{{run::catalog_conninfo(m_config), m_config.catalog.schema,
                                m_config.catalog.spool_directory},
                               m_clock,
                               m_outside.log,
                               m_outside.interrupt};
    auto context = m_outside.context(m_config, m_clock, recorder);
    context.dry_run = dry_run;
    if (!dry_run) recorder.open_run(run_record(Options::info.name));
    // Unqualified: a test includes the one command that it runs.
    using command::run;
    auto report = run(options, context);
    if (!dry_run) recorder.close_run(m_clock.now(), "ok", 0, "", 0);
    m_warnings = context.warnings;
    return report;
  }

  void add_store(const std::string& name) {
    auto& store = m_config.stores.emplace_back();
    store.name = name;
    store.url = "file://" + store_directory(name).string();
  }
  std::filesystem::path store_directory(const std::string& name) const {
    return m_directory / ("store-" + name);
  }
  config::Config& config() { return m_config; }
  test::Cluster& cluster() { return m_cluster; }
  const RecordedLog& log() const { return m_outside.log; }
  const std::vector<std::string>& warnings() const { return m_warnings; }
  /// SQL in the catalog.
  std::string catalog_sql(const std::string& sql) {
    return m_cluster.psql("bkp", "set search_path = bkp; " + sql);
  }

 private:
  catalog::RunRecord run_record(std::string_view command) const {
    catalog::RunRecord run;
    run.command = command;
    run.pid = ::getpid();
    run.triggered_by = "manual";
    return run;
  }

  test::Cluster m_cluster;
  test::TemporaryDirectory m_directory;
  config::Config m_config;
  util::SystemClock m_clock;
  Outside m_outside{.environment = util::Environment::of_this_process()};
  std::vector<std::string> m_warnings;
};

}  // namespace bkp::test
