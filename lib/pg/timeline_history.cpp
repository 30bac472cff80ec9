#include "pg/timeline_history.hpp"

#include <charconv>

#include <fmt/format.h>

#include "pg/wal_name.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::pg {

namespace {

util::Error damaged(std::string_view name, const std::string& why) {
  return {util::ErrorKind::damaged,
          fmt::format("{} is no history of a timeline: {}", util::quoted(name), why),
          "use the one of another store, or of the server's pg_wal"};
}

constexpr std::string_view blanks = " \t";

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

TimelineSwitch parse_line(std::string_view line, std::string_view name) {
  const auto whole = line;
  const auto number = take_word(line);
  const auto end = parse_lsn(take_word(line));
  TimelineSwitch result;
  const auto [rest, error] =
      std::from_chars(number.data(), number.data() + number.size(), result.timeline);
  if (error != std::errc{} || rest != number.data() + number.size() || !end)
    throw damaged(name, fmt::format("a line is {}", util::quoted(whole)));
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  result.end = *end;
  result.reason = line;
  return result;
}

}  // namespace

std::vector<TimelineSwitch> parse_timeline_history(std::string_view text, std::string_view name) {
  const auto file = parse_wal_name(name, smallest_wal_segment);
  if (!file || file->kind != WalFileKind::history) throw damaged(name, "its name is of none");
  std::vector<TimelineSwitch> switches;
  for (const auto line : util::split_lines(text)) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == line.npos || line[begin] == '#') continue;
    auto next = parse_line(line, name);
    const auto before = switches.empty() ? 0U : switches.back().timeline;
    if (next.timeline <= before || next.timeline >= file->timeline)
      throw damaged(name, fmt::format("timeline {} follows {}", next.timeline, before));
    if (!switches.empty() && next.end < switches.back().end)
      throw damaged(name, fmt::format("timeline {} ends before the one before it", next.timeline));
    switches.push_back(std::move(next));
  }
  if (switches.empty()) throw damaged(name, "it has no line");
  return switches;
}

}  // namespace bkp::pg
