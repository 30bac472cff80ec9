#pragma once

#include <set>
#include <string>

#include "recover/cluster_chain.hpp"
#include "recover/cluster_place.hpp"

namespace bkp::recover {

/// A data directory that holds an older, a damaged or a half-restored copy of a cluster, and
/// becomes a restored one: what is right in it stays, and what the backup has not is removed.

/// Throws Error{refused} unless it is free (require_free()), or the very cluster that was backed up
/// was there, no server runs on it, and its tablespaces are where they will be. False when it is
/// free.
bool require_reusable(const ClusterPlace& place, const ClusterChain& chain);

/// From here on no server starts on it, until the restore has come to its end: its pg_control is
/// called `unfinished_control_file`. The links of its tablespaces are gone.
void begin_reuse(const ClusterPlace& place);

/// Removes all files and directories but those in `kept`: paths below the data directory, those of
/// tablespaces below pg_tblspc/OID.
void remove_others(const ClusterPlace& place, const std::set<std::string>& kept);

/// A file with the system identifier, as long as a restore goes on: by it a killed one can be gone
/// on with before its pg_control has come.
inline constexpr auto restore_marker = "bkp.restoring";

inline constexpr auto control_file = "global/pg_control";
/// The name of pg_control until all other files are there: without it no server starts on what a
/// killed restore left.
inline constexpr auto unfinished_control_file = "global/pg_control.unfinished";

}  // namespace bkp::recover
