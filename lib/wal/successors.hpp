#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/store.hpp"

namespace bkp::wal {

/// The key of an object that would not be in the store without an archived file `name` before it;
/// nullopt when there is none. After a segment these are later ones of its timeline (a .partial
/// of the segment itself is not: that timeline was left there); for the history of a timeline, the
/// timeline's own WAL and that of later ones; for other files nothing.
std::optional<store::ObjectInfo> successor_of(store::Store& store, const std::string& site,
                                              std::string_view name);

}  // namespace bkp::wal
