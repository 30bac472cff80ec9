#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/context.hpp"
#include "util/error.hpp"

namespace bkp::command {

/// How writing a mark beside a backup went, store by store.
struct Marked {
  std::vector<std::string> stores;  ///< that have the backup and the mark now
  std::optional<util::Error>
      failure;  ///< Error{partial} naming the stores that could not be marked
};

/// Writes a mark (backup::write_mark) of `kind` to every store that has the backup; nothing with
/// context.dry_run, which only looks. A store that fails does not stop the others. Throws
/// Error{not_found} when no store that answers has the backup, and the first failure when none
/// answers.
Marked mark_everywhere(run::Context& context, const std::string& label, std::string_view kind,
                       util::Time at, const nlohmann::json& details);

}  // namespace bkp::command
