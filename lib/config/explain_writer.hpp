#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::config {

/// The values of a configuration as YAML that reads back as the same.

/// A double-quoted scalar (YAML 1.2, 5.7 and 7.3.1).
std::string quote(std::string_view text);
std::string list(const std::vector<std::string>& texts);
std::string duration(std::chrono::seconds value);
std::string size(std::uint64_t bytes);
std::string share(double value);
std::string boolean(bool value);
std::string path_text(const std::filesystem::path& path);
std::string paths(const std::vector<std::filesystem::path>& files);

/// Sections, keys and comments, as explain() shows them.
class Writer {
 public:
  void section(std::string_view name, std::string_view comment) {
    m_text += fmt::format("\n# {}\n{}:\n", comment, name);
  }
  void top(std::string_view key, const std::string& value, std::string_view comment) {
    m_text += fmt::format("\n# {}\n{}: {}\n", comment, key, value);
  }
  void key(std::string_view key, const std::string& value, std::string_view comment = {}) {
    line(fmt::format("{}{}:{}{}", m_indent, key, value.empty() ? "" : " ", value), comment);
  }
  void lines(std::string_view name, std::string_view text) {
    key(name, block(text, m_indent + "  "));
  }
  /// A setting that is not set: what happens instead.
  void unset(std::string_view key, std::string_view comment) {
    line(fmt::format("{}# {}:", m_indent, key), comment);
  }
  template <class T, class Format>
  void optional(std::string_view name, const std::optional<T>& value, Format format,
                std::string_view comment) {
    value ? key(name, format(*value), comment) : unset(name, comment);
  }
  void comment(std::string_view text) { m_text += fmt::format("# {}\n", text); }
  /// "  - key: value", and deeper from there on until end_element().
  void element(std::string_view key, const std::string& value) {
    line(fmt::format("{}- {}: {}", m_indent, key, value), {});
    m_indent += "  ";
  }
  void element_of_lines(std::string_view key, std::string_view text) {
    element(key, block(text, m_indent + "    "));
  }
  void end_element() { m_indent.resize(m_indent.size() - 2); }
  std::string take() { return std::move(m_text); }

 private:
  /// A text of several lines as such (YAML 1.2, 8.1.2, without the last line end); one that would
  /// not read back from there, and one of a single line, double-quoted.
  static std::string block(std::string_view text, const std::string& indent) {
    const bool plain =
        text.find('\n') != text.npos && text.find_first_of(" \t\n") != 0 && !text.ends_with('\n');
    if (!plain) return quote(text);
    std::string result = "|-";
    for (const auto one : util::split_lines(text))
      result += fmt::format("\n{}{}", one.empty() ? "" : indent, one);
    return result;
  }

  void line(std::string text, std::string_view comment) {
    if (!comment.empty()) text = fmt::format("{:<40} # {}", text, comment);
    m_text += text + "\n";
  }

  std::string m_indent = "  ";
  std::string m_text;
};

}  // namespace bkp::config
