#include "report/page_data.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pg/tools.hpp"
#include "report/command_text.hpp"
#include "util/text.hpp"

namespace bkp::report {

using kainjow::mustache::data;
using util::printable;

data flag(bool value) {
  return data{value};
}

data shown(std::string_view text) {
  return data{printable(text)};
}

data names(const std::vector<std::string>& texts) {
  data result{data::type::list};
  for (const auto& text : texts) result << shown(text);
  return result;
}

std::string joined(const std::vector<std::string>& texts) {
  return printable(fmt::format("{}", fmt::join(texts, ", ")));
}

std::string moment(util::Time time) {
  return util::format_rfc3339(time);
}

std::string or_unknown(const std::string& text) {
  return text.empty() ? "unknown" : printable(text);
}

std::string version_text(int version) {
  return version == 0 ? "unknown" : pg::format_version(version);
}

void Blocks::add(const std::string& name, const std::string& id, const std::string& as,
                 const std::string& text, Kind kind) {
  add_as_written(name, id, as, wrapped(text), kind);
}

void Blocks::add_as_written(const std::string& name, const std::string& id, const std::string& as,
                            const std::string& text, Kind kind) {
  if (text.empty()) return;
  data block;
  block["id"] = m_scenario + "-" + id;
  block["scenario"] = m_scenario;
  block["as"] = printable(as);
  block["manual"] = flag(kind == Kind::manual);
  block["long"] = flag(std::ranges::count(text, '\n') > 20);
  block["text"] = text;
  m_target[name] = std::move(block);
}

data block_list(const std::string& scenario, const std::string& name, const std::string& id,
                const std::string& as, const std::vector<std::string>& commands) {
  data result{data::type::list};
  for (std::size_t i = 0; i < commands.size(); ++i) {
    data row;
    Blocks{row, scenario}.add(name, id + "-" + std::to_string(i + 1), as, commands[i]);
    result << row;
  }
  return result;
}

}  // namespace bkp::report
