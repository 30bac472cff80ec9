#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "backup/manifest.hpp"
#include "backup/part_writer.hpp"
#include "backup/pg_program.hpp"
#include "run/context.hpp"
#include "seal/signing.hpp"

namespace bkp::backup {

/// What all dumps of one run share.
struct DumpJob {
  pg::Conninfo cluster;
  int server_version = 0;
  std::string system_identifier;
  std::filesystem::path pg_dump;
  std::string dump_version;  ///< "15.18"
  Globals globals;
  PartFormat format;
  std::shared_ptr<const seal::SigningKey> signing_key;  ///< null: manifests are not signed
};

struct DumpOutcome {
  std::optional<Manifest> manifest;  ///< on at least one store
  std::string manifest_md5;
  std::string manifest_sha256;
  std::vector<Target> targets;       ///< with their failures
  std::optional<util::Error> error;  ///< why there is no backup at all
  std::vector<std::string> warnings;
};

/// Dumps one database to all targets: globals part, dump part with its fingerprint, manifest last.
/// Does not throw: the outcome tells. Without a manifest, everything written is removed again as
/// far as the stores allow; what cannot be removed is debris and goes with the next run. Safe to
/// call from several threads at once.
DumpOutcome dump_database(const run::Context& context, const DumpJob& job, const Layout& layout,
                          const std::string& label, const DatabaseProperties& database,
                          std::vector<Target> targets);

}  // namespace bkp::backup
