#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "catalog/records.hpp"
#include "physical/page_map.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// How long a chain of incremental backups may become before a full one is taken.
struct ChainLimit {
  int incrementals = 0;         ///< at most; 0: without limit
  std::chrono::seconds age{0};  ///< of the full backup; 0: without limit
};

/// The backup that an incremental one is built on.
struct Parent {
  catalog::BackupRecord record;
  PageMap map;
};

struct ParentChoice {
  std::optional<Parent> parent;
  std::string why_none;  ///< for people: why a full backup is taken
};

/// The newest good physical backup of the server at the other end, on the timeline it writes now.
/// One that failed a verification, that is built on such a one, or whose pages this host has not
/// kept account of is passed over; and so is one whose chain is not on each of the `stores` that
/// will be written to (all, when it is empty): each store cleans up by what it has itself, and
/// would remove the beginning of a chain whose middle is elsewhere. A copy that failed does count,
/// since the next run makes it. Stores that cannot be listed are warnings. Throws Error{database}.
ParentChoice choose_parent(run::Context& context, const ChainLimit& limit,
                           const std::vector<std::string>& stores);

}  // namespace bkp::physical
