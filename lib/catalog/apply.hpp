#pragma once

#include <cstdint>
#include <optional>

#include "catalog/event.hpp"
#include "pg/connection.hpp"

namespace bkp::catalog {

/// The kinds of events.
namespace kind {
inline constexpr auto run_opened = "run_opened";
inline constexpr auto run_closed = "run_closed";
inline constexpr auto backup_saved = "backup_saved";
inline constexpr auto backup_imported = "backup_imported";
inline constexpr auto verified = "verified";
inline constexpr auto hold_set = "hold_set";
inline constexpr auto copy_purged = "copy_purged";
inline constexpr auto copies_made = "copies_made";
inline constexpr auto export_confirmed = "export_confirmed";
inline constexpr auto usage_sampled = "usage_sampled";
inline constexpr auto assets_checked = "assets_checked";
inline constexpr auto assets_dropped = "assets_dropped";
inline constexpr auto audited = "audited";
}  // namespace kind

struct Applied {
  bool is_new = false;             ///< false: it had been applied before, and nothing was done
  std::optional<std::int64_t> id;  ///< of the run or the backup it wrote, where it wrote one
};

/// Applies the event in one transaction, with its id, unless it was applied before. `session` is
/// one of open_session(). Throws DatabaseError; Error{damaged} for a kind this version does not
/// know.
Applied apply(pg::Connection& session, const Event& event);

/// Whether the error is about the event's own data, so that trying again is no use.
bool is_refusal_for_good(const util::Error& error);

}  // namespace bkp::catalog
