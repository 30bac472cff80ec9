#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::util {

/// For terminals, logs and error messages: control characters, invalid UTF-8, line separators and
/// the characters that change the direction of writing become \xNN escapes, byte by byte;
/// everything else stays. Hostile names do no harm once they went through here.
std::string printable(std::string_view text);

/// Each line made printable(); all but the first begin with `indent`. A last line end goes.
std::string printable_lines(std::string_view text, std::string_view indent = {});

/// printable() between double quotes: how messages name databases, tables and files.
std::string quoted(std::string_view name);
// Exact matches, so that an unqualified call never means std::quoted, which std::string arguments
// bring in.
inline std::string quoted(const char* name) {
  return quoted(std::string_view{name});
}
inline std::string quoted(const std::string& name) {
  return quoted(std::string_view{name});
}
inline std::string quoted(std::string& name) {
  return quoted(std::string_view{name});
}

/// Quotes for a shell when needed: abc, 'a b', 'it'\''s'; and $'a\x0ab' (bash, zsh, ksh) for what
/// printable() would change, so that the result can be shown and still be run.
std::string shell_quoted(std::string_view text);

/// The candidate with the smallest edit distance to `wrong` (a swap of neighbours is one edit), the
/// first of equals; empty when none is near: more edits than a third of the length (or 2), or
/// nothing in common.
std::string nearest(std::string_view wrong, std::span<const std::string> candidates);

/// fnmatch(3) pattern: *, ?, [..].
bool matches_pattern(std::string_view name, std::string_view pattern);
/// Whether a pattern matches itself and nothing else: it has nothing of fnmatch(3) in it.
bool is_literal_pattern(std::string_view pattern);

/// With A to Z, and nothing else, in lower case, whatever the locale.
std::string lower(std::string_view text);

std::string to_hex(std::span<const std::byte> bytes);
/// The bytes that to_hex() wrote. Of other text: bytes of no meaning; an odd last digit is dropped.
std::string from_hex(std::string_view hex);

/// The lines of a text without their ends ("\n" or "\r\n"); a last empty line does not count. The
/// views point into `text`.
std::vector<std::string_view> split_lines(std::string_view text);

bool is_valid_utf8(std::string_view text);

}  // namespace bkp::util
