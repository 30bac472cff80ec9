#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "backup/outcome.hpp"
#include "backup/part_writer.hpp"
#include "pg/conninfo.hpp"
#include "run/context.hpp"
#include "seal/signing.hpp"

namespace bkp::backup {

/// What all backups of one run share.
struct Job {
  pg::Conninfo cluster;
  int server_version = 0;
  std::string system_identifier;
  PartFormat format;
  std::shared_ptr<const seal::SigningKey> signing_key;  ///< null: manifests are not signed
};

/// How long a backup waits for a store that is slower than the others: full.slow_store_timeout.
std::optional<stream::TeeSink::Patience> slow_store_patience(const run::Context& context);

/// The beginning of a manifest: everything that is known before the first byte was read.
Manifest begin_manifest(const run::Context& context, const Job& job, const Layout& layout,
                        const std::string& label);

/// Writes the signature and, last, the manifest to the targets that are still good: with it the
/// backup exists. Fills in the outcome. Throws when the last target failed.
void commit(const run::Context& context, const Job& job, const Layout& layout, Manifest manifest,
            Outcome& outcome);

/// What one backup comes to. `take` fills in the outcome, in which the targets are, and may throw:
/// that is the outcome's error, with `what` as its context, and what was written is removed.
Outcome attempt_backup(const run::Context& context, const Layout& layout, const std::string& label,
                       std::vector<Target> targets, const std::string& what,
                       const std::function<void(Outcome& outcome)>& take);

}  // namespace bkp::backup
