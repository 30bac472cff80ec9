#pragma once

#include <string>
#include <string_view>

namespace bkp::report {

/// Commands as text for a POSIX-like shell with $'…' (bash, ksh, zsh, busybox). Every value in them
/// is quoted for SQL, then for libpq, then for the shell; none is escaped for HTML.

/// `text` as one word of a shell. Text with control or unprintable characters becomes $'…' with
/// \xNN, so that what is seen on the page is what is run; otherwise line ends stay.
std::string shell_word(std::string_view text);
std::string sql_identifier(std::string_view name);
/// With dollar quotes where it can be: they stay readable inside the shell's single quotes.
std::string sql_literal(std::string_view text);

/// The same command with lines of at most about 80 columns: broken after a backslash, between
/// arguments, an option kept with its value. What stands in quotes or in a here-document stays.
std::string wrapped(std::string_view command);

}  // namespace bkp::report
