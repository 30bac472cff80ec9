#pragma once

#include <string>
#include <vector>

namespace bkp::catalog {

/// The SQL that applies an event of this kind: each statement takes the event's data ($1, jsonb)
/// and its run's key ($2, uuid); the first one returns the id of the row it wrote where that
/// matters. Names are relative to search_path. Throws Error{damaged} for a kind this version does
/// not know.
const std::vector<std::string>& statements_for(const std::string& kind);

}  // namespace bkp::catalog
