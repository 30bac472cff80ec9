#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/cluster.hpp"
#include "support/installed.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::test {

/// A whole site to try the installed programs on: a throwaway cluster, a local store "local", a
/// configuration file and state directories of its own. Not initialised: run({"init"}) does that,
/// as a user would.
class Site {
 public:
  /// Whose everything is, and who runs the programs: the user of the test, or that of the server,
  /// as it must be where the server starts them (archive_command).
  enum class Owner { tester, server };

  /// `yaml` is added to the configuration, which has site, cluster, catalog.spool_directory, stores
  /// and recover.
  explicit Site(const std::string& yaml = {}, ClusterOptions options = {},
                Owner owner = Owner::tester);

  Cluster& cluster() { return m_cluster; }
  std::filesystem::path directory() const { return m_directory.path(); }
  std::filesystem::path store() const { return m_directory / "store"; }
  std::filesystem::path config_file() const { return m_directory / "bkp.yaml"; }
  std::filesystem::path spool() const { return m_directory / "state/spool"; }
  /// Replaces the configuration file.
  void write_config(const std::string& text) const;
  /// What the constructor wrote without its `yaml`.
  std::string base_config() const;
  /// Puts a store NAME, at directory() / NAME, behind those of the configuration file; the next
  /// run({"init"}) makes it.
  void add_store(const std::string& name, bool required = true) const;

  /// The programs with BKP_CONFIG set to config_file().
  InstalledBkp bkp() const;
  /// `bkp ARGUMENTS…` as the owner, ready to be run, started or changed.
  Program command(std::vector<std::string> arguments) const;
  /// The command at another time, as faketime(1) says it: "+25h".
  Program command_at(const std::string& shift, std::vector<std::string> arguments) const;
  Outcome run(std::vector<std::string> arguments, const std::string& input = {}) const;
  /// Runs with --json and returns the one document on stdout; throws when it is none.
  nlohmann::json json(std::vector<std::string> arguments) const;
  /// As run(); throws with the whole story unless it succeeded.
  Outcome must(std::vector<std::string> arguments) const;
  /// Makes an age identity; returns its recipient, "age1…".
  std::string make_identity(const std::filesystem::path& file) const;
  /// The label of a new backup of the database; throws with the report unless all went well.
  std::string back_up(const std::string& database) const;

 private:
  Program as_owner(Program program) const;

  TemporaryDirectory m_directory;
  Cluster m_cluster;
  Owner m_owner;
};

/// Makes a table of which any restore under another name waits (ten minutes), so that a test can
/// end it in the middle. `alter table held drop constraint held_check` lets the next dump go.
void hold_restores_of(const Cluster& cluster, const std::string& database);

/// Makes a table "big" whose rows any database of another name refuses as a full disk does.
void make_full_disk_elsewhere(const Cluster& cluster, const std::string& database);

/// Everything that a dump carries, taken without the code under test: the schema as pg_dump's text,
/// an ordered hash of the rows of each table and materialized view, the large objects, the
/// sequences. Two databases with the same text hold the same. With `socket` of the server there.
std::string database_digest(const Cluster& cluster, const std::string& database,
                            const std::filesystem::path& socket = {});

}  // namespace bkp::test
