#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/report.hpp"
#include "command/key_options.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// `bkp pitr-restore`: see bkp-pitr-restore(1).
struct PitrRestoreOptions {
  static constexpr cli::CommandInfo info{
      "pitr-restore", "recover the whole cluster to a point in time, in a new directory"};
  std::string to;
  std::string target_time;
  std::string target_lsn;
  std::uint32_t target_xid = 0;
  std::string target_name;
  bool latest = false;
  bool immediate = false;
  bool exclusive = false;
  std::string timeline = "latest";
  std::string backup;                    ///< empty: chosen
  std::string store;                     ///< empty: the first with a sound copy
  std::vector<std::string> tablespaces;  ///< "OLD=NEW"
  bool start = false;
  bool promote = false;
  bool preview = false;
  bool delta = false;      ///< `to` holds a copy of the cluster
  std::string yes;         ///< the site's name, in place of typing it
  int jobs = 0;            ///< 0: full.jobs
  ReadingKeyOptions keys;  ///< identities alone
};

void define(CLI::App& app, PitrRestoreOptions& options);

cli::Report run(const PitrRestoreOptions& options, run::Context& context);

}  // namespace bkp::command
