#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "command/verify.hpp"
#include "run/context.hpp"
#include "util/error.hpp"
#include "verify/verification.hpp"

namespace bkp::command {

/// One backup, looked at on one store. A verification that could not be made says nothing about the
/// backup.
struct Attempt {
  verify::Verification verification;
  std::optional<std::int64_t> backup_id;
  std::optional<util::Error> not_made;
  bool untrusted = false;  ///< not made for the signature alone: the manifest is as it was stored
  std::string other_copy = {};  ///< of a damaged copy: where a better one is, a sentence
  /// Marks and pages beside the backup that are not as they were made. They hold none of its data:
  /// it can be good all the same.
  std::vector<std::string> damaged_beside = {};

  bool good() const { return !not_made && verification.success() && damaged_beside.empty(); }
};

/// An attempt that has just begun.
Attempt begin_attempt(const VerifyOptions& options, const run::Context& context,
                      const catalog::BackupRecord& backup, const std::string& store);

/// Looks at the copy on `store` and records what was found: in the catalog, in the audit trail, and
/// in a mark beside the backup. Throws Error{interrupted}; every other error is in the attempt.
Attempt verify_copy(const VerifyOptions& options, run::Context& context,
                    const catalog::BackupRecord& backup, const run::NamedStore& store);

/// Of an attempt that is `untrusted`: the same manifest is believed on another store, so it is the
/// signature here that is missing or damaged, and that is recorded.
void condemn_signature(run::Context& context, const catalog::BackupRecord& backup,
                       const run::NamedStore& store, Attempt& attempt);

/// Adds the damage to a runbook's page to the attempt. A page that cannot be read is a warning.
/// Throws Error{interrupted}.
void look_at_page(run::Context& context, const run::NamedStore& store, const store::Key& page,
                  Attempt& attempt);

}  // namespace bkp::command
