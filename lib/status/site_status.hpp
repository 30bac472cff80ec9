#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "config/config.hpp"
#include "util/clock.hpp"

namespace bkp::status {

using util::Time;

/// How well something is, worst last.
enum class Level { green, yellow, red };
std::string to_text(Level level);

/// A good backup, as far as its age and its proof matter.
struct GoodBackup {
  std::string label;
  Time at;  ///< of its data: when it was begun
  std::int64_t size_bytes = 0;
};

/// One kind of backups: the dumps of a database, the base backups, …
struct Kind {
  std::string kind;                     ///< dump, base, incremental, config, files, redis
  std::optional<std::string> database;  ///< of dump
  std::optional<GoodBackup> good;       ///< the newest; of incremental, base backups count too
  std::optional<GoodBackup> verified;   ///< the newest that a restore has proven
  std::optional<Time> verified_at;      ///< when that was
  bool being_made = false;              ///< a run is at it now
  config::Ages ages;                    ///< of `good`
  config::Ages verified_ages;           ///< of `verified_at`
  Level level = Level::red;             ///< of the age of `good`
  Level verified_level = Level::red;

  /// "database x121", "base backups"
  std::string name() const;
};

/// How far the archive of WAL is behind the server; known from the server.
struct Archive {
  std::string problem;  ///< why it is not known; empty: the rest is
  bool failing = false;
  std::optional<std::chrono::seconds> lag;
  std::optional<std::int64_t> waiting;  ///< files
  std::string last_archived;
  std::optional<Time> last_archived_at;
  Level level = Level::red;
};

struct Store {
  std::string name;
  bool required = true;
  std::string problem;                       ///< why it cannot be used; empty: it can
  std::optional<catalog::StoreUsage> usage;  ///< the last sample; of now where the store says it
  bool is_counted = false;                   ///< what the site uses is of a sample
  Level level = Level::green;
};

/// Runs that have failed since the last one that did the same and has not.
struct Failures {
  std::string command;  ///< with its arguments: "verify --all --level checksum"
  int count = 0;
  Time since;
  std::string error;  ///< of the last
  Level level = Level::yellow;
};

struct Schedule {
  std::int64_t id = 0;
  std::string command;
  std::optional<Time> last_run_at;
  std::optional<Time> next_run_at;
  bool overdue = false;  ///< nobody begins what is due
};

/// Files that a database knows by their checksums, as the last checks have found them.
struct Assets {
  std::string name;                            ///< of the section
  std::optional<catalog::AssetCounts> counts;  ///< none: they were never looked at
  config::Ages ages;                           ///< of the last check
};

/// A promise of the configuration and what was measured.
struct Objective {
  std::string name;  ///< rpo, rto, window
  std::chrono::seconds target{0};
  std::optional<double> measured_seconds;  ///< none: nothing was measured yet
  std::string how;                         ///< what was measured

  bool met() const {
    return measured_seconds && *measured_seconds <= static_cast<double>(target.count());
  }
};

/// How a site is.
struct SiteStatus {
  std::string site;
  Time at;
  std::string catalog_problem;  ///< why the catalog cannot be asked; empty: it can
  std::string server_problem;   ///< the same of the cluster that is protected
  std::vector<Kind> kinds;
  std::optional<Archive> archive;  ///< none: the site does not archive
  std::vector<Store> stores;
  std::vector<Failures> failures;
  std::vector<Schedule> schedules;  ///< enabled ones, the next first
  std::vector<Assets> assets;       ///< those configured; none while the catalog cannot be asked
  std::vector<Objective> objectives;
  std::optional<Time> runbook_at;  ///< when the page on the first store that has one was made

  /// Nothing is missing because it could not be asked.
  bool is_complete() const { return catalog_problem.empty() && server_problem.empty(); }
};

/// One thing that is said of a site: how it is, what it is, and what to do where it is not green.
struct Item {
  Level level = Level::green;
  std::string what;   ///< "database x121"
  std::string text;   ///< "last good backup 3h ago, verified 2d ago"
  std::string next;   ///< a command
  bool told = false;  ///< the runs themselves tell the channels of it
};

/// Everything that there is to say, the worst first.
std::vector<Item> items_of(const SiteStatus& status);
/// The worst of the items'.
Level level_of(const std::vector<Item>& items);

/// By how old it is; nothing is red.
Level level_of_age(const std::optional<Time>& at, Time now, const config::Ages& ages);

}  // namespace bkp::status
