#include "config/rules.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "store/key.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digits = "0123456789";

bool contains(std::string_view set, char c) {
  return set.find(c) != set.npos;
}

bool has_dot_part(std::string_view path) {
  return std::ranges::any_of(store::parts_of(path),
                             [](auto part) { return part == "." || part == ".."; });
}

std::string without_password(std::string_view url) {
  const auto password = store::url_password(url);
  if (!password) return std::string{url};
  const auto end = password->data() + password->size() - url.data();
  return fmt::format("{}://…{}", store::split_url(url)->scheme,
                     url.substr(static_cast<std::size_t>(end)));
}

Problem url_problem(std::string_view url, std::string_view reason, std::string hint) {
  return {fmt::format("{} {}", util::quoted(without_password(url)), reason), std::move(hint)};
}

std::optional<Problem> problem_with_file_url(std::string_view url, const store::UrlParts& parts,
                                             bool bare) {
  if (!parts.authority.empty() && parts.authority != "localhost") {
    return url_problem(
        url, "names a host or a relative path",
        fmt::format("a path has three slashes: file:///{}{}", parts.authority, parts.path));
  }
  if (bare) return url_problem(url, "names no directory", "write file:///var/backups/bkp");
  try {
    if (!has_dot_part(store::path_of_file_url(url).string())) return std::nullopt;
  } catch (const util::Error& error) {
    return Problem{fmt::format("is wrong: {}", error.message()), error.hint()};
  }
  return url_problem(url, "has a part \".\" or \"..\"", "write the path without detours");
}

}  // namespace

std::optional<Problem> problem_with_site(std::string_view text) {
  const auto good = [](char c) { return contains(lower, c) || contains(digits, c) || c == '-'; };
  if (!text.empty() && text.size() <= 63 && text.front() != '-' &&
      std::ranges::all_of(text, good)) {
    return std::nullopt;
  }
  return Problem{
      fmt::format("must be a short name of a-z, 0-9 and \"-\", not {}", util::quoted(text)),
      "it is the first part of every key in a store; choose a name like studio or "
      "studio-eu, and keep it"};
}

std::optional<Problem> problem_with_store_url(std::string_view text) {
  constexpr auto forms =
      "write file:///var/backups/bkp, s3://bucket/prefix or sftp://user@host/path";
  const auto parts = store::split_url(text);
  if (!parts) return url_problem(text, "is no URL", forms);
  if (has_url_password(text)) {
    return url_problem(text, "contains a password",
                       "remove it from the URL; secrets live in files");
  }
  // The keys of a bucket are as they are written, blanks among them.
  const bool s3 = store::scheme_of(text) == "s3";
  const auto blank = [s3](unsigned char c) { return c < 0x20 || (c == ' ' && !s3) || c == 0x7f; };
  if (std::ranges::any_of(text, blank) || text.find_first_of("?#") != text.npos) {
    return url_problem(text, "has a character that a store's URL cannot have",
                       "in a file URL write %20 for a space, %3F for \"?\" and %23 for \"#\"");
  }
  if (has_dot_part(parts->path)) {
    return url_problem(text, "has a part \".\" or \"..\"", "write the path without detours");
  }
  const auto scheme = store::scheme_of(text);
  const bool bare = parts->path.find_first_not_of('/') == parts->path.npos;
  if (scheme == "file") return problem_with_file_url(text, *parts, bare);
  if (scheme != "s3" && scheme != "sftp") {
    return url_problem(text, "is of a kind that bkp has no store for", forms);
  }
  if (parts->authority.empty()) return url_problem(text, "names no bucket or host", forms);
  if (scheme == "sftp" && bare) {
    return url_problem(text, "names no directory", "write sftp://user@host/path");
  }
  if (scheme == "sftp" && parts->authority.find('@') == std::string_view::npos) {
    return url_problem(text, "names no user", "write sftp://user@host/path");
  }
  return std::nullopt;
}

std::optional<Problem> problem_with_store_name(std::string_view text) {
  const auto good = [](char c) {
    return contains(lower, c) || contains(upper, c) || contains(digits, c) || contains("_.-", c);
  };
  if (!text.empty() && text.size() <= 63 && text.front() != '-' && text.front() != '.' &&
      std::ranges::all_of(text, good)) {
    return std::nullopt;
  }
  return Problem{
      fmt::format("must be a short name of letters, digits, \"_\", \".\" and \"-\", not {}",
                  util::quoted(text)),
      "choose a name like local or offsite-2"};
}

std::optional<Problem> problem_with_pattern(std::string_view text) {
  if (text.empty()) {
    return Problem{"is an empty pattern", "name a database, or use a pattern like \"app_*\""};
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (++i < text.size()) continue;
      return Problem{fmt::format("{} ends with a lone backslash", util::quoted(text)),
                     "write \\\\ for a backslash itself"};
    }
    if (text[i] != '[') continue;
    // A "]" right after the opening (or its negation) is a member, not the end: see fnmatch(3).
    auto from = i + 1;
    if (from < text.size() && contains("!^", text[from])) ++from;
    const auto end = text.find(']', std::min(from + 1, text.size()));
    if (end == text.npos) {
      return Problem{fmt::format("{} has a \"[\" without its \"]\"", util::quoted(text)),
                     "close the bracket, or write \\[ for the character itself"};
    }
    i = end;
  }
  return std::nullopt;
}

std::optional<Problem> problem_with_identifier(std::string_view text, std::size_t limit) {
  const auto good = [](char c) { return contains(lower, c) || contains(digits, c) || c == '_'; };
  if (!text.empty() && text.size() <= limit && !contains(digits, text.front()) &&
      std::ranges::all_of(text, good)) {
    return std::nullopt;
  }
  return Problem{
      fmt::format("must be a name of a-z, 0-9 and \"_\" that begins with no digit, at most {} "
                  "characters, not {}",
                  limit, util::quoted(text)),
      "choose a plain lower-case name"};
}

bool has_url_password(std::string_view text) {
  return store::url_password(text).has_value();
}

}  // namespace bkp::config
