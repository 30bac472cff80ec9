#pragma once

#include <string>
#include <string_view>

#include "util/clock.hpp"

namespace bkp::command {

/// Where a bare duration points to.
enum class Direction { ago, ahead };

/// A point in time as options take it: a time or date (util::parse_time), or a duration counted
/// from `now`
/// ("7d"). Throws Error{usage} naming the text and both forms.
util::Time parse_moment(std::string_view text, util::Time now, Direction direction);

/// A check for CLI11 options that hold such a moment; empty when good.
std::string check_moment(const std::string& text);

}  // namespace bkp::command
