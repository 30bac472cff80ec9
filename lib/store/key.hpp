#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::store {

/// How the names of unfinished objects start; no key has such a part.
inline constexpr std::string_view unfinished_prefix = ".bkp-";

/// What stands between the '/'; one part more than there are of them. Views into `path`.
std::vector<std::string_view> parts_of(std::string_view path);

/// The name of an object: parts separated by '/', checked on construction. No empty part, no "." or
/// "..", no control character, no backslash, valid UTF-8, at most 1024 bytes (S3's limit), each
/// part at most 255 bytes (a file name's), no part that starts with unfinished_prefix.
class Key {
 public:
  /// Throws Error{store} naming the (escaped) text and the rule it breaks.
  explicit Key(std::string text);

  static bool is_valid(std::string_view text);

  const std::string& text() const noexcept { return m_text; }
  /// The last part.
  std::string_view name() const noexcept;
  Key operator/(std::string_view part) const;
  auto operator<=>(const Key&) const = default;

 private:
  std::string m_text;
};

}  // namespace bkp::store
