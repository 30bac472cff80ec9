#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// The runbook's commands, as texts (command_text.hpp) that are not yet escaped for HTML.

/// How the files of one backup come to where the stock commands expect them.
struct FetchCommands {
  std::string directory;
  struct Fetch {
    std::string store;
    std::string command;
  };
  std::vector<Fetch> fetches;  ///< one is enough; none: they are there, in the only store there is
};

/// Restoring one database; `backup` is one of its backups.
struct DatabaseCommands {
  std::string stop_writes;
  std::string allow_writes;
  std::string list;
  std::string prove;
  std::string restore_beside;
  std::string restored_name;
  std::string count_restored;  ///< empty where the manifest has no row counts
  std::string switch_over;
  std::string switch_missing;  ///< the same where the old database is gone
  std::string old_name;        ///< the old database's name after the switch
  std::string swap;
  std::string restore_as_was;  ///< on a fresh cluster, under its own name; by a swap where that
                               ///< name is always taken

  std::string table;  ///< "public.segments": the example, the largest; empty where there is none
  std::string set_table_aside;
  std::string copy_table_back;
  std::string count_table;
  std::string copy_schema_back;
  std::string restore_table_only;

  FetchCommands stock_fetch;
  std::string stock_signature;  ///< empty where nothing is signed
  std::string stock_sums;
  std::string stock_create;
  std::string stock_restore;
  std::string stock_count;
  std::string stock_analyze;
  std::string stock_switch;      ///< where the old database is gone
  std::string stock_properties;  ///< settings and rights of the database itself
  std::string stock_name;
};
DatabaseCommands database_commands(const RunbookModel& model, const RunbookBackup& backup);

/// What concerns the whole cluster; empty where it does not apply.
struct ClusterCommands {
  std::string become;  ///< the shell of the user bkp runs as
  std::string packages;
  std::string create_cluster;
  std::string make_user;
  std::string give_stores;  ///< to that user
  std::string give_places;  ///< where the configuration and the run's own files go
  std::string write_config;
  std::string public_keys;             ///< writes them
  std::vector<std::string> host_keys;  ///< adds them to known_hosts, for each store that needs it
  FetchCommands globals_fetch;
  std::string globals;
  std::string grant_superuser;   ///< so that bkp's role may restore
  std::string revoke_superuser;  ///< only where it is known not to have been one
  std::string take_over;         ///< init, tying the stores to a new cluster
  std::string init;
  std::vector<std::string> rebuild_catalog;  ///< one for each store
  std::vector<std::string> fill_stores;      ///< likewise, where there are several
  std::string list;
  std::string check;
  std::string full;
};
ClusterCommands cluster_commands(const RunbookModel& model);

/// The store `lost` is rebuilt from `other`.
struct StoreCommands {
  std::string restore_from_other;
  std::string restore_alone;  ///< the same without configuration and catalog
  std::string copy;
  std::string init;
  std::string wal_check;  ///< brings the archived WAL; empty where there are no base backups
  std::string verify;
  std::string rebuild_catalog;
};
StoreCommands store_commands(const RunbookModel& model, const RunbookStore& lost,
                             const RunbookStore& other);

}  // namespace bkp::report
