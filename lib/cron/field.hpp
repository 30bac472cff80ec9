#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace bkp::cron {

/// One of the five fields of a cron expression.
struct FieldRule {
  std::string_view name;  ///< "day of the month"
  int lowest;
  int highest;
  std::span<const std::string_view> names{};  ///< of the values from `lowest` on, lower case
  bool has_last = false;                      ///< "L" may stand in it
};

struct Field {
  std::vector<int> values;  ///< of the rule's range; in no order, not once each
  bool last = false;        ///< "L" stands in it
  bool star = false;        ///< begins with "*"
};

/// Throws Error{usage} naming the text and the field.
Field parse_field(std::string_view text, const FieldRule& rule);

}  // namespace bkp::cron
