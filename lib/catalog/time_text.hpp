#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/records.hpp"

namespace bkp::catalog {

/// RFC 3339 in UTC, to the microsecond (PostgreSQL's precision); the fraction is left out when it
/// is zero. PostgreSQL reads it as timestamptz. `forever` and later becomes the end of the year
/// 9999.
std::string time_text(Time time);

/// The inverse of time_text(), and of a timestamptz's output in a session with DateStyle ISO and
/// TimeZone UTC ("2026-11-21 02:00:00.25+00", "infinity"). Throws Error{damaged} for anything else.
Time time_from_text(std::string_view text);

}  // namespace bkp::catalog
