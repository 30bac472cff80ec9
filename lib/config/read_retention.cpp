#include <fmt/format.h>

#include "config/parse.hpp"
#include "config/sections.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

constexpr int most_kept = 100'000;

}  // namespace

RetentionPolicy read_retention(const Section& section) {
  RetentionPolicy result;
  const auto count = [&](std::string_view key, int& target) {
    target = read_int(section, key, target, 0, most_kept);
  };
  count("last", result.last);
  count("hourly", result.hourly);
  count("daily", result.daily);
  count("weekly", result.weekly);
  count("monthly", result.monthly);
  count("quarterly", result.quarterly);
  count("yearly", result.yearly);
  if (const auto value = section.find("within")) result.within = to_duration(*value);
  if (const auto value = section.find("wal")) result.wal = to_duration(*value);
  return result;
}

RetentionPolicy parse_retention(std::string_view yaml) {
  try {
    // Where it would stand in a file, so that the same rules hold.
    const Document document{fmt::format("stores: [{{retention: {}}}]", yaml), "the policy"};
    check_against_rules(document);
    const auto stores = Section::top(document).sections("stores");
    const auto value = stores.at(0).find("retention");
    if (stores.size() != 1 || !value || !value->node.IsMap())
      throw util::Error{util::ErrorKind::usage, "it is no mapping"};
    return read_retention(stores.front().section("retention"));
  } catch (const util::Error& error) {
    throw util::Error{
        util::ErrorKind::usage,
        fmt::format("the policy {} cannot be read: {}", util::quoted(yaml), error.message()),
        error.hint().empty() ? "write one as in the configuration: '{daily: 30, monthly: 12}'"
                             : error.hint()};
  }
}

}  // namespace bkp::config
