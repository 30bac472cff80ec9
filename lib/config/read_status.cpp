#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/sections.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::config {

namespace {

constexpr std::array<std::string_view, 8> kinds{"dump",  "base",  "incremental", "config",
                                                "files", "redis", "assets",      "verified"};

Ages read_ages(const Section& section, Ages fallback) {
  Ages ages{positive_duration(section, "green", fallback.green),
            positive_duration(section, "yellow", fallback.yellow)};
  if (ages.green < ages.yellow) return ages;
  const auto value = section.find("green") ? section.find("green") : section.find("yellow");
  value->document.fail(value->node,
                       fmt::format("{} ({}) must be less than {} ({})", section.path_of("green"),
                                   util::format_duration(ages.green), section.path_of("yellow"),
                                   util::format_duration(ages.yellow)),
                       "a backup is green while it is younger than the first, yellow while "
                       "younger than the second, then red");
}

}  // namespace

Ages Status::ages_of(std::string_view kind) const {
  const auto own = std::ranges::find(kinds, kind, &StatusKind::kind);
  if (own != kinds.end()) return own->ages;
  // Once a week as the default schedules have it, and a day; once a night, and a second one.
  constexpr Ages weekly{std::chrono::days{8}, std::chrono::days{15}};
  constexpr Ages nightly{std::chrono::days{2}, std::chrono::days{8}};
  if (kind == "assets") return nightly;
  return kind == "base" || kind == "verified" ? weekly : Ages{green, yellow};
}

Status read_status(const Section& top) {
  const auto section = top.section("status");
  Status result;
  const auto ages = read_ages(section, {result.green, result.yellow});
  result.green = ages.green;
  result.yellow = ages.yellow;
  result.capacity_alert = positive_share(section, "capacity_alert", result.capacity_alert);
  for (const auto& one : section.sections("kinds")) {
    const auto name = one.require("kind", "say of which kind: `kind: base`");
    StatusKind kind{to_text(name), {}};
    if (std::ranges::find(kinds, kind.kind) == kinds.end()) {
      name.fail(fmt::format("must not be {}", util::quoted(kind.kind)),
                fmt::format("write one of {}", fmt::join(kinds, ", ")));
    }
    if (std::ranges::find(result.kinds, kind.kind, &StatusKind::kind) != result.kinds.end())
      name.fail(fmt::format("is there twice: {}", util::quoted(kind.kind)), "remove one of them");
    kind.ages = read_ages(one, result.ages_of(kind.kind));
    result.kinds.push_back(std::move(kind));
  }
  return result;
}

}  // namespace bkp::config
