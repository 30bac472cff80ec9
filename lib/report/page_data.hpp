#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <kainjow/mustache.hpp>

#include "util/clock.hpp"

namespace bkp::report {

/// Values of a page as its template takes them. Texts go through util::printable().
kainjow::mustache::data flag(bool value);
kainjow::mustache::data shown(std::string_view text);
kainjow::mustache::data names(const std::vector<std::string>& texts);
std::string joined(const std::vector<std::string>& texts);
std::string moment(util::Time time);
std::string or_unknown(const std::string& text);
/// 150018 → "15.18"; 0 is unknown.
std::string version_text(int version);

enum class Kind { run, manual };

/// Puts command blocks into a mustache object: under `name`, with the id PREFIX-NAME. A command
/// without text is left out, and with it the section that shows it. `target` must outlive it.
class Blocks {
 public:
  Blocks(kainjow::mustache::data& target, std::string scenario)
      : m_target{target}, m_scenario{std::move(scenario)} {}

  void add(const std::string& name, const std::string& id, const std::string& as,
           const std::string& text, Kind kind = Kind::run);
  /// One whose lines are somebody else's, and stay as they are.
  void add_as_written(const std::string& name, const std::string& id, const std::string& as,
                      const std::string& text, Kind kind = Kind::run);

 private:
  kainjow::mustache::data& m_target;
  std::string m_scenario;
};

/// One block for each command: `name` in the rows, its ids ID-1, ID-2 and so on.
kainjow::mustache::data block_list(const std::string& scenario, const std::string& name,
                                   const std::string& id, const std::string& as,
                                   const std::vector<std::string>& commands);

}  // namespace bkp::report
