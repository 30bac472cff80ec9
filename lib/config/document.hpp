#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace bkp::config {

/// One key of a mapping with its value, after merge keys ("<<") were followed.
struct Entry {
  std::string key;
  YAML::Node key_node;
  YAML::Node value;
};

/// A YAML text as a tree whose errors name file and line. Throws Error{config}, here and in fail().
class Document {
 public:
  /// The text must be one YAML document, valid UTF-8 without control characters. `name` stands for
  /// the file in messages.
  Document(std::string_view text, std::filesystem::path name);

  const YAML::Node& root() const { return m_root; }

  /// "NAME:LINE", or "NAME" for line 0.
  std::string location(int line) const;

  /// Throws Error{config} "NAME:LINE: message".
  [[noreturn]] void fail(const YAML::Node& node, std::string_view message, std::string hint) const;
  [[noreturn]] void fail_at(int line, std::string_view message, std::string hint) const;

  /// The entries of a mapping in the file's order. `path` names it in messages. A key given twice,
  /// or one that is no text, fails. A key of a merged mapping counts where the mapping itself has
  /// none.
  std::vector<Entry> entries(const YAML::Node& mapping, const std::string& path) const;

 private:
  void add_merged(std::vector<Entry>& entries, const YAML::Node& value, const std::string& path,
                  int depth) const;
  void collect(std::vector<Entry>& entries, const YAML::Node& mapping, const std::string& path,
               int depth) const;

  std::filesystem::path m_name;
  YAML::Node m_root;
};

/// The 1-based line of a node; 0 when it has none.
int line_of(const YAML::Node& node);
/// The line where the value begins, or where its key stands when there is no value.
int line_of(const Entry& entry);

/// "a list", "a section", "a single value", "nothing": for messages about a wrong type.
std::string_view kind_of(const YAML::Node& node);

/// Nothing is said below here: null, or a list or section of nothing but such.
bool is_empty(const YAML::Node& node);

}  // namespace bkp::config
