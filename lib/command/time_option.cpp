#include "command/time_option.hpp"

#include <optional>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

namespace {

// Time is counted in nanoseconds and ends in 2262: a longer step would wrap around.
constexpr std::chrono::seconds longest{std::chrono::hours{24} * 365 * 100};

template <class Parse>
auto parsed(Parse parse) -> std::optional<decltype(parse())> {
  try {
    return parse();
  } catch (const util::Error& error) {
    if (error.kind() != util::ErrorKind::usage) throw;
    return std::nullopt;
  }
}

}  // namespace

util::Time parse_moment(std::string_view text, util::Time now, Direction direction) {
  const auto duration = parsed([&] { return util::parse_duration(text); });
  if (duration && *duration <= longest) {
    return direction == Direction::ago ? now - *duration : now + *duration;
  }
  if (const auto time = parsed([&] { return util::parse_time(text); })) return *time;
  throw util::Error{util::ErrorKind::usage,
                    fmt::format("{} is neither a time nor a duration", util::quoted(text)),
                    "write a time like 2026-11-21 or 2026-11-21T02:00:00Z, or a duration like 7d"};
}

std::string check_moment(const std::string& text) {
  try {
    parse_moment(text, util::Time{}, Direction::ahead);
    return {};
  } catch (const util::Error& error) {
    return error.message() + "; " + error.hint();
  }
}

}  // namespace bkp::command
