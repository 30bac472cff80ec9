#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bkp::config {

/// Why a value is not acceptable, and what to do: "must …" reads after the value's name.
struct Problem {
  std::string message;
  std::string hint;
};

/// Each returns nothing when the text is fine.
std::optional<Problem> problem_with_site(std::string_view text);
/// file:///PATH, s3://BUCKET[/PREFIX], sftp://USER@HOST/PATH; without password, query and
/// fragment.
std::optional<Problem> problem_with_store_url(std::string_view text);
/// Letters, digits, "_", "." and "-": store names appear in options and file names.
std::optional<Problem> problem_with_store_name(std::string_view text);
/// An fnmatch(3) pattern, stricter: an open bracket or a trailing backslash is a slip, not a name.
std::optional<Problem> problem_with_pattern(std::string_view text);
/// A lower-case SQL identifier of at most `limit` bytes.
std::optional<Problem> problem_with_identifier(std::string_view text, std::size_t limit);

/// A URL with a password in it ("redis://:secret@host"). Such a text is a secret.
bool has_url_password(std::string_view text);

}  // namespace bkp::config
