#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "backup/layout.hpp"
#include "store/store.hpp"
#include "util/clock.hpp"

namespace bkp::backup {

/// What happened to a backup after its manifest was written stands beside it in objects of their
/// own, because objects never change: SITE/backups/LABEL/marks/TIME-KIND-DIGEST.json, the
/// time with its microseconds (20261121T020000.250000Z), the digest the first 16 hexadecimal digits
/// of the object's SHA-256. Kinds and their details:
///   verified  {"level": …}            a restore was checked and good
///   failed    {"level": …, "scope": "copy" or "backup", "error": …}
///                                     it was checked and not good; "copy": the bytes on this store
///                                     are not what was stored, which says nothing about the copies
///                                     elsewhere. Without a scope, level checksum means the copy.
///   intact    {"level": "checksum"}   every part of this copy was read again and is good: takes
///                                     back what `failed` said about the copy
///   held      {"until": TIME or null, "reason": …}
///   released  {}
///   pruned    {}                      it is being removed; see remove_backup()
/// All have "label", "kind" and "at", which the place and the name repeat: a mark that was changed,
/// cut or put beside another backup is known. Readers ignore kinds they do not know. So the catalog
/// can be rebuilt from a store with verification and holds. Of verified and failed (backup), of
/// failed (copy) and intact, of held and released the newest counts.

struct MarkState {
  bool verified = false;
  std::optional<util::Time> verified_at;  ///< of the last verification of the backup, good or not
  std::string verification_error;         ///< what was wrong then
  std::optional<util::Time> checked_at;   ///< of the last word on this copy's bytes
  std::string copy_error;                 ///< what was wrong with them then; empty: nothing known
  std::optional<util::Time> held_until;   ///< catalog::forever for a hold without end
  std::string hold_reason;
  /// Messages about marks that are not as they were written and so say nothing.
  std::vector<std::string> unreadable;
  /// One of those may have said that the backup is held: none of the sound ones after it says
  /// whether it is.
  bool hold_doubtful = false;
};

inline constexpr std::string_view pruned_kind = "pruned";
/// Told by the name alone.
bool is_pruned_mark(std::string_view key);

void write_mark(store::Store& store, const Layout& layout, const std::string& label,
                std::string_view kind, util::Time at, const nlohmann::json& details);

/// The text of one mark of the label, `key`, as it was written; nullopt when there is none. Throws
/// Error{damaged} for what is none, or another backup's.
std::optional<std::string> read_mark(store::Store& store, const store::Key& key,
                                     const std::string& label);

/// The state after all marks of one backup, in the order of their keys. Throws what the store does.
MarkState read_marks(store::Store& store, const Layout& layout, const std::string& label);

}  // namespace bkp::backup
