#include "config/section.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::config {

namespace {

std::string join(std::string_view path, std::string_view key) {
  return path.empty() ? std::string{key} : fmt::format("{}.{}", path, key);
}

std::string section_name(std::string_view path) {
  return path.empty() ? "at the top level" : "in " + util::printable(path);
}

std::string hint_for_unknown(const std::string& key, const std::string& rule_path) {
  const auto siblings = keys_below(rule_path);
  if (const auto near = util::nearest(key, siblings); !near.empty()) {
    return fmt::format("did you mean {}?", util::quoted(near));
  }
  if (const auto others = sections_with(key); !others.empty()) {
    return fmt::format("{} belongs in {}", util::quoted(key), fmt::join(others, " or "));
  }
  return fmt::format("the keys known here are {}", fmt::join(siblings, ", "));
}

void check_section(const Section& section, bool later, std::vector<LaterKey>& found);

void check_entry(const Section& section, const Entry& entry, bool later,
                 std::vector<LaterKey>& found) {
  const auto* rule = find_rule(join(section.rule_path(), entry.key));
  if (rule == nullptr) {
    section.document().fail(
        entry.key_node,
        fmt::format("unknown key {} {}", util::quoted(entry.key), section_name(section.path())),
        hint_for_unknown(entry.key, section.rule_path()));
  }
  const Value value{section.document(), entry.value, section.path_of(entry.key), line_of(entry)};
  const bool first_later = rule->support == Support::later && !later;
  const bool below = rule->support == Support::later;
  if (rule->shape == Shape::selection && !entry.value.IsMap() && !entry.value.IsNull()) {
    check_shape(value, Shape::texts);
  } else if (rule->shape == Shape::mapping || rule->shape == Shape::selection) {
    check_section(section.section(entry.key), below, found);
  } else if (rule->shape == Shape::mappings) {
    for (const auto& element : section.sections(entry.key)) check_section(element, below, found);
  } else {
    check_shape(value, rule->shape);
  }
  if (first_later && !is_empty(entry.value)) found.push_back({value.path, line_of(entry.key_node)});
}

void check_section(const Section& section, bool later, std::vector<LaterKey>& found) {
  for (const auto& entry : section.entries()) check_entry(section, entry, later, found);
}

}  // namespace

Section::Section(const Document& document, const YAML::Node& node, std::string path,
                 std::string rule)
    : m_document{&document}, m_path{std::move(path)}, m_rule{std::move(rule)} {
  if (!node.IsDefined() || node.IsNull()) return;
  m_line = line_of(node);
  if (!node.IsMap()) {
    const auto keys = keys_below(m_rule);
    Value{document, node, m_path, m_line}.fail(
        fmt::format("must be a section with keys, not {}", kind_of(node)),
        fmt::format("the keys known here are {}", fmt::join(keys, ", ")));
  }
  m_entries = document.entries(node, m_path);
}

Section Section::top(const Document& document) {
  return {document, document.root(), "", ""};
}

std::string Section::path_of(std::string_view key) const {
  return join(m_path, key);
}

std::optional<Value> Section::find(std::string_view key) const {
  const auto found = std::ranges::find(m_entries, key, &Entry::key);
  if (found == m_entries.end()) return std::nullopt;
  return Value{*m_document, found->value, path_of(key), line_of(*found)};
}

Value Section::require(std::string_view key, std::string hint) const {
  auto value = find(key);
  if (!value) {
    m_document->fail_at(m_line, fmt::format("{} is missing", path_of(key)), std::move(hint));
  }
  return std::move(*value);
}

Section Section::section(std::string_view key) const {
  const auto value = find(key);
  return {*m_document, value ? value->node : YAML::Node{YAML::NodeType::Null}, path_of(key),
          join(m_rule, key)};
}

std::vector<Section> Section::sections(std::string_view key) const {
  std::vector<Section> result;
  const auto value = find(key);
  if (!value || value->node.IsNull()) return result;
  if (!value->node.IsSequence()) {
    value->fail(fmt::format("must be a list of sections, not {}", kind_of(value->node)),
                "begin each element with \"- \"");
  }
  for (const auto& element : value->elements()) {
    if (element.node.IsNull()) {
      element.fail("is empty", "remove the \"-\", or give it keys");
    }
    result.push_back({*m_document, element.node, element.path, join(m_rule, key) + "[]"});
  }
  return result;
}

std::vector<LaterKey> check_against_rules(const Document& document) {
  std::vector<LaterKey> found;
  check_section(Section::top(document), false, found);
  return found;
}

}  // namespace bkp::config
