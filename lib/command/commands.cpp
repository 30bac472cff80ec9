#include "command/commands.hpp"

#include "command/cat.hpp"
#include "command/catalog.hpp"
#include "command/check.hpp"
#include "command/consolidate.hpp"
#include "command/copy.hpp"
#include "command/full.hpp"
#include "command/hold.hpp"
#include "command/incr.hpp"
#include "command/init.hpp"
#include "command/key.hpp"
#include "command/list.hpp"
#include "command/pitr_restore.hpp"
#include "command/prune.hpp"
#include "command/release.hpp"
#include "command/restore.hpp"
#include "command/runbook.hpp"
#include "command/show.hpp"
#include "command/unseal.hpp"
#include "command/verify.hpp"
#include "command/wal_check.hpp"
#include "command/wal_fetch.hpp"
#include "command/wal_push.hpp"
#include "command/wal_setup.hpp"

namespace bkp::command {

std::vector<cli::CommandInfo> all_commands() {
  return {InitOptions::info,     CheckOptions::info,       FullOptions::info,
          IncrOptions::info,     ConsolidateOptions::info, ListOptions::info,
          ShowOptions::info,     VerifyOptions::info,      RestoreOptions::info,
          PruneOptions::info,    HoldOptions::info,        ReleaseOptions::info,
          RunbookOptions::info,  CatalogOptions::info,     CopyOptions::info,
          KeyOptions::info,      UnsealOptions::info,      CatOptions::info,
          WalPushOptions::info,  WalFetchOptions::info,    WalCheckOptions::info,
          WalSetupOptions::info, PitrRestoreOptions::info};
}

}  // namespace bkp::command
