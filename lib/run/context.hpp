#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/recorder.hpp"
#include "config/config.hpp"
#include "pg/conninfo.hpp"
#include "pg/tools.hpp"
#include "run/condition.hpp"
#include "run/progress.hpp"
#include "run/terminal.hpp"
#include "store/opening.hpp"
#include "store/store.hpp"
#include "util/clock.hpp"
#include "util/environment.hpp"
#include "util/interrupt.hpp"
#include "util/log.hpp"
#include "util/process.hpp"

namespace bkp::run {

/// A configured store that answers.
struct NamedStore {
  std::string name;
  bool required = true;
  std::shared_ptr<store::Store> store;
};

/// A configured store that could not be opened.
struct StoreFailure {
  std::string name;
  std::string url;
  bool required = true;
  util::Error error;
};

struct OpenedStores {
  std::vector<NamedStore> stores;  ///< in the configuration's order
  std::vector<StoreFailure> failures;
};

/// How to reach the protected cluster: database `postgres` unless the conninfo names one. The
/// password file is applied, which must be private (Error{key}); PGPASSWORD of the environment only
/// where there is none. libpq decides otherwise, so the process itself must have no PGPASSWORD.
pg::Conninfo cluster_conninfo(const config::Config& config,
                              const util::Environment& environment = {});
/// How to reach the catalog, likewise: database `bkp` of the protected cluster unless configured.
pg::Conninfo catalog_conninfo(const config::Config& config,
                              const util::Environment& environment = {});

/// Everything outside that a command works with: its seams. Built once by cli::run_main (tests
/// build their own with fakes); lives as long as the run. Not copied, passed by reference.
struct Context {
  const config::Config& config;
  const util::Clock& clock;
  util::ProcessRunner& processes;
  const util::Environment& environment;
  const util::Interrupt& interrupt;
  util::Log& log;
  Progress& progress;
  Terminal& terminal;
  catalog::Recorder& recorder;
  std::string triggered_by = "manual";
  std::chrono::seconds lock_wait{0};
  bool dry_run = false;
  std::vector<std::string> warnings;  ///< for the JSON envelope; add through warn()
  Conditions conditions = {};         ///< whether stores have room, …
  bool colored_text = false;          ///< the report's text is for a terminal that shows colours
  bool wants_text = true;             ///< the report's text will be shown
  bool wants_json = true;             ///< the report's result will be shown

  /// Logs the warning and keeps it for the envelope.
  void warn(std::string message);
  /// Warns, once in a run whoever notices it first, that the catalog cannot be reached; says what
  /// is done without it (`consequence`, a clause) and, where it is so, that this run is noted in
  /// the spool.
  void warn_of_outage(const util::Error& error, const std::string& consequence);

  pg::Conninfo cluster() const;
  pg::Conninfo catalog_conninfo() const;
  /// The reading side of the catalog; throws when it cannot be reached.
  catalog::Catalog open_catalog() const;
  pg::Tools tools() const;
  /// The stores named (all when empty); an unknown name is Error{not_found}.
  OpenedStores open_stores(const std::vector<std::string>& names = {},
                           store::OpenMode mode = store::OpenMode::existing) const;
  /// A store as configured, opened or thrown.
  std::unique_ptr<store::Store> open_place(const config::Store& wanted, store::OpenMode mode) const;
  /// One store by name, opened or thrown.
  NamedStore open_store(const std::string& name) const;
};

}  // namespace bkp::run
