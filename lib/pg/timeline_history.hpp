#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pg/lsn.hpp"

namespace bkp::pg {

/// A timeline that another one came from, and where it was left.
struct TimelineSwitch {
  std::uint32_t timeline = 0;  ///< the one that was left
  Lsn end;                     ///< the first byte that is of the next one
  std::string reason;          ///< as the server wrote it
  bool operator==(const TimelineSwitch&) const = default;
};

/// The text of a history file, oldest first: PostgreSQL's src/backend/access/transam/timeline.c
/// (readTimeLineHistory). Throws Error{damaged} naming `name` when it is none of that timeline.
std::vector<TimelineSwitch> parse_timeline_history(std::string_view text, std::string_view name);

}  // namespace bkp::pg
