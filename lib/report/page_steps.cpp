#include "report/page_steps.hpp"

#include <array>
#include <utility>

namespace bkp::report {

namespace {

constexpr std::string_view step_begin = "<code class=\"cmd\"";
constexpr std::string_view step_end = "</code>";

/// What mustache has escaped.
std::string without_entities(std::string_view html) {
  constexpr std::array<std::pair<std::string_view, char>, 6> entities{{{"&lt;", '<'},
                                                                       {"&gt;", '>'},
                                                                       {"&quot;", '"'},
                                                                       {"&apos;", '\''},
                                                                       {"&#39;", '\''},
                                                                       {"&amp;", '&'}}};
  std::string text;
  for (std::size_t at = 0; at < html.size();) {
    bool found = false;
    for (const auto& [entity, character] : entities) {
      if (!html.substr(at).starts_with(entity)) continue;
      text += character;
      at += entity.size();
      found = true;
      break;
    }
    if (!found) text += html[at++];
  }
  return text;
}

std::string attribute(std::string_view tag, std::string_view name) {
  const auto begin = tag.find(std::string{" "}.append(name).append("=\""));
  if (begin == tag.npos) return {};
  const auto value = begin + name.size() + 3;
  return without_entities(tag.substr(value, tag.find('"', value) - value));
}

}  // namespace

std::vector<PageStep> steps_of(std::string_view html) {
  std::vector<PageStep> steps;
  for (auto at = html.find(step_begin); at != html.npos; at = html.find(step_begin, at)) {
    const auto text = html.find('>', at);
    if (text == html.npos) break;
    const auto end = html.find(step_end, text);
    if (end == html.npos) break;
    const auto tag = html.substr(at, text - at);
    steps.push_back({attribute(tag, "id"), attribute(tag, "data-scenario"),
                     attribute(tag, "data-as"), !attribute(tag, "data-manual").empty(),
                     without_entities(html.substr(text + 1, end - text - 1))});
    at = end;
  }
  return steps;
}

}  // namespace bkp::report
