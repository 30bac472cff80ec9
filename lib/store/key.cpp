#include "store/key.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::store {

namespace {

constexpr std::size_t longest_key = 1024;
constexpr std::size_t longest_part = 255;

bool is_control(std::string_view text, std::size_t position) {
  const auto byte = static_cast<unsigned char>(text[position]);
  if (byte < 0x20 || byte == 0x7F) return true;
  // U+0080 to U+009F; that a byte follows is known from the check for UTF-8.
  return byte == 0xC2 && static_cast<unsigned char>(text[position + 1]) < 0xA0;
}

/// The rule that a part breaks; empty when it is good.
std::string_view broken_part_rule(std::string_view part) {
  if (part.empty()) return "has an empty part";
  if (part == "." || part == "..") return "has \".\" or \"..\" as a part";
  if (part.size() > longest_part) return "has a part of more than 255 bytes";
  if (part.starts_with(unfinished_prefix)) return "has a part that starts with \".bkp-\"";
  return {};
}

std::string_view broken_rule(std::string_view text) {
  if (text.empty()) return "is empty";
  if (text.size() > longest_key) return "is longer than 1024 bytes";
  if (!util::is_valid_utf8(text)) return "is not valid UTF-8";
  for (std::size_t position = 0; position < text.size(); ++position) {
    if (is_control(text, position)) return "has a control character";
    if (text[position] == '\\') return "has a backslash";
  }
  for (const auto part : parts_of(text)) {
    if (const std::string_view rule = broken_part_rule(part); !rule.empty()) return rule;
  }
  return {};
}

}  // namespace

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
    parts.push_back(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  parts.push_back(path);
  return parts;
}

Key::Key(std::string text) : m_text{std::move(text)} {
  const std::string_view rule = broken_rule(m_text);
  if (rule.empty()) return;
  constexpr std::size_t shown = 200;
  throw util::Error{util::ErrorKind::store,
                    fmt::format("{} cannot name an object: it {}",
                                util::quoted(std::string_view{m_text}.substr(0, shown)), rule)};
}

bool Key::is_valid(std::string_view text) {
  return broken_rule(text).empty();
}

std::string_view Key::name() const noexcept {
  const std::string_view text = m_text;
  // npos + 1 is 0: the whole text.
  return text.substr(text.rfind('/') + 1);
}

Key Key::operator/(std::string_view part) const {
  return Key{fmt::format("{}/{}", m_text, part)};
}

}  // namespace bkp::store
