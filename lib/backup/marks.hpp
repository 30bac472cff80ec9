#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "backup/layout.hpp"
#include "store/store.hpp"
#include "util/clock.hpp"

namespace bkp::backup {

/// What happened to a backup after its manifest was written stands beside it in objects of their
/// own, because objects never change: SITE/backups/LABEL/marks/TIME-KIND-RANDOM.json. Kinds and
/// their details:
///   verified  {"level": …}            a restore (or re-read) was checked and good
///   failed    {"level": …}            it was checked and not good
///   held      {"until": TIME or null, "reason": …}
///   released  {}
/// So the catalog can be rebuilt from a store with verification and holds. The newest of a pair
/// counts.

struct MarkState {
  bool verified = false;
  std::optional<util::Time> verified_at;
  std::optional<util::Time> held_until;  ///< catalog::forever for a hold without end
  std::string hold_reason;
};

void write_mark(store::Store& store, const Layout& layout, const std::string& label,
                std::string_view kind, util::Time at, const nlohmann::json& details);

/// Applies the mark stored under `key`; marks are applied in the order of their keys. Throws
/// Error{damaged}.
void apply_mark(store::Store& store, const store::Key& key, MarkState& state);

/// The state after all marks of one backup.
MarkState read_marks(store::Store& store, const Layout& layout, const std::string& label);

}  // namespace bkp::backup
