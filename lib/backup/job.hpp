#pragma once

#include <memory>
#include <optional>
#include <string>

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

/// Removes what was written to targets that did not become a copy. Best effort: what cannot be
/// removed now is debris for the next run.
void remove_remains(const run::Context& context, const Layout& layout, const std::string& label,
                    const Outcome& outcome);

}  // namespace bkp::backup
