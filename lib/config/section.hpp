#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.hpp"

namespace bkp::config {

/// A section of the file: its keys, each of which has a rule in schema.hpp. A section that is
/// absent, or of which everything is commented out, has no keys.
class Section {
 public:
  static Section top(const Document& document);

  /// The value of a key; nullopt when it is absent.
  std::optional<Value> find(std::string_view key) const;
  /// The value of a key that must be there; Error{config} "KEY is missing" otherwise.
  Value require(std::string_view key, std::string hint) const;
  Section section(std::string_view key) const;
  std::vector<Section> sections(std::string_view key) const;

  const std::vector<Entry>& entries() const { return m_entries; }
  const Document& document() const { return *m_document; }
  const std::string& path() const { return m_path; }       ///< "stores[0]", "" at the top
  const std::string& rule_path() const { return m_rule; }  ///< "stores[]"
  int line() const { return m_line; }
  /// "stores[0].name"
  std::string path_of(std::string_view key) const;

 private:
  Section(const Document& document, const YAML::Node& node, std::string path, std::string rule);

  const Document* m_document;
  std::string m_path;
  std::string m_rule;
  int m_line = 0;
  std::vector<Entry> m_entries;
};

/// A key that holds something this version has no feature for: "encryption", "stores[1].endpoint".
struct LaterKey {
  std::string path;
  int line = 0;
};

/// Checks the whole file against the rules: unknown keys, wrong types.
std::vector<LaterKey> check_against_rules(const Document& document);

}  // namespace bkp::config
