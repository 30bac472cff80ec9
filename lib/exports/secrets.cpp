#include "exports/secrets.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "exports/rows.hpp"
#include "util/text.hpp"

namespace bkp::exports {

namespace {

/// Lower case, without "_", "-" and ".".
std::string plain(std::string_view name) {
  std::string text;
  for (const char c : util::lower(name)) {
    if (c != '_' && c != '-' && c != '.') text += c;
  }
  return text;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_token(char c) {
  return is_word(c) || c == '-' || c == '.' || c == '+' || c == '/' || c == '=' || c == '$' ||
         c == ':';
}

/// A part of a text: what is to be hidden.
struct Span {
  std::size_t begin;
  std::size_t end;
};

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

/// A quoted value may have several lines; one that is never closed has one.
constexpr int most_lines_of_value = 50;

std::size_t end_of_quoted(std::string_view text, std::size_t begin, char quote) {
  int lines = 0;
  for (auto at = begin; at < text.size() && lines < most_lines_of_value; ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      return at;
    } else if (text[at] == '\n') {
      ++lines;
    }
  }
  return std::min(text.find('\n', begin), text.size());
}

std::size_t indentation_at(std::string_view text, std::size_t at) {
  const auto end_before = text.rfind('\n', at);
  const auto begin = end_before == text.npos ? 0 : end_before + 1;
  return text.find_first_not_of(" \t", begin) - begin;
}

/// YAML's "|" and ">": the lines that follow and stand further in than the one of `at`.
Span block_after(std::string_view text, std::size_t at) {
  const auto outer = indentation_at(text, at);
  const auto begin = text.find('\n', at);
  if (begin == text.npos) return {text.size(), text.size()};
  Span block{begin + 1, begin + 1};
  while (block.end < text.size()) {
    const auto line_end = std::min(text.find('\n', block.end), text.size());
    const auto first = text.find_first_not_of(" \t", block.end);
    const bool blank = first == text.npos || first >= line_end;
    if (!blank && indentation_at(text, first) <= outer) break;
    block.end = std::min(line_end + 1, text.size());
  }
  // The last line end is not the value's.
  if (block.end > block.begin && text[block.end - 1] == '\n') --block.end;
  return block;
}

/// Values that tell nothing: references to what is elsewhere, and no value.
bool is_no_secret(std::string_view value) {
  constexpr std::array<std::string_view, 6> words{"null", "none", "true", "false", "~", "nil"};
  const auto begins = [&](std::string_view with) { return value.starts_with(with); };
  return value.empty() || value == redacted || value == "{" || value == "[" || begins("${") ||
         begins("$(") || begins("{{") || begins("{env") || begins("{file") || begins("{command") ||
         (begins("<") && value.ends_with('>')) ||
         std::ranges::find(words, util::lower(value)) != words.end();
}

/// NAME=VALUE that fills a line goes to its end, or to a comment's beginning; what stands among
/// other things to the next sign that separates.
std::size_t end_of_bare(std::string_view text, std::size_t at, bool fills_line) {
  auto end = std::min(text.find('\n', at), text.size());
  if (!fills_line) return std::min(text.find_first_of(" \t\r\n,;}#&)", at), end);
  end = std::min(text.find(" #", at), end);
  while (end > at && (text[end - 1] == ' ' || text[end - 1] == '\t' || text[end - 1] == '\r'))
    --end;
  return end;
}

/// Of "Basic dXNlcjpwYXNz" the second word counts.
std::size_t skip_scheme(std::string_view text, std::size_t at) {
  for (const std::string_view scheme : {"Basic ", "Bearer ", "Token "}) {
    if (text.substr(at).starts_with(scheme)) return at + scheme.size();
  }
  return at;
}

/// The value that follows a name ending at `at`, which is an option's (--password VALUE) or not:
/// NAME=VALUE, NAME: VALUE, "NAME": "VALUE", NAME 'VALUE'.
std::optional<Span> value_after(std::string_view text, std::size_t at, bool is_option,
                                bool begins_line) {
  // <password>VALUE</password>
  if (at < text.size() && text[at] == '>') {
    const auto end = text.find('<', at);
    if (end == text.npos || is_no_secret(text.substr(at + 1, end - at - 1))) return std::nullopt;
    return Span{at + 1, end};
  }
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) ++at;
  at = skip_blanks(text, at);
  const bool sign = at < text.size() && (text[at] == '=' || text[at] == ':');
  if (sign) at = skip_blanks(text, at + 1);
  if (sign && at < text.size() && text[at] == '>') at = skip_blanks(text, at + 1);
  if (at >= text.size()) return std::nullopt;
  const char quote = text[at];
  Span value{at, at};
  if (sign && (quote == '|' || quote == '>')) {
    value = block_after(text, at);
    return value.begin == value.end ? std::nullopt : std::optional{value};
  }
  if (quote == '"' || quote == '\'') {
    value = {at + 1, end_of_quoted(text, at + 1, quote)};
  } else {
    if (!sign && !is_option) return std::nullopt;
    at = skip_scheme(text, at);
    value = {at, at};
    value.end = end_of_bare(text, at, begins_line && sign);
  }
  if (is_no_secret(text.substr(value.begin, value.end - value.begin))) return std::nullopt;
  return value;
}

/// With nothing before it but "export".
bool begins_line(std::string_view text, std::size_t at) {
  const auto end_before = at == 0 ? text.npos : text.rfind('\n', at - 1);
  const auto begin = end_before == text.npos ? 0 : end_before + 1;
  auto before = text.substr(begin, at - begin);
  while (before.starts_with(' ') || before.starts_with('\t')) before.remove_prefix(1);
  return before.empty() || before == "export ";
}

void find_named(std::string_view text, std::vector<Span>& found) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    const auto begin = at;
    while (at < text.size() && (is_word(text[at]) || text[at] == '-' || text[at] == '.')) ++at;
    if (!names_a_secret(text.substr(begin, at - begin))) continue;
    const bool is_option = begin >= 2 && text.substr(begin - 2, 2) == "--";
    const auto value = value_after(text, at, is_option, begins_line(text, begin));
    if (!value) continue;
    found.push_back(*value);
    at = value->end;
  }
}

/// PEM's private keys, from the line behind the first one's end to the beginning of the last.
void find_pem(std::string_view text, std::vector<Span>& found) {
  constexpr std::string_view key = "PRIVATE KEY-----";
  for (std::size_t at = 0;;) {
    const auto begin = text.find("-----BEGIN ", at);
    if (begin == text.npos) return;
    at = begin + 1;
    const auto first = text.find(key, begin);
    const auto line_end = text.find('\n', begin);
    if (first == text.npos || (line_end != text.npos && first > line_end)) continue;
    const auto end = text.find("-----END ", first);
    found.push_back({first + key.size(), end == text.npos ? text.size() : end});
    at = found.back().end;
  }
}

/// scheme://user:PASSWORD@host
void find_passwords_in_urls(std::string_view text, std::vector<Span>& found) {
  for (std::size_t at = 0;;) {
    const auto scheme = text.find("://", at);
    if (scheme == text.npos) return;
    at = scheme + 3;
    auto end = at;
    std::size_t colon = text.npos;
    while (end < text.size() &&
           std::string_view{"/ \t\r\n\"'<>@"}.find(text[end]) == std::string_view::npos) {
      if (text[end] == ':' && colon == text.npos) colon = end;
      ++end;
    }
    if (end >= text.size() || text[end] != '@' || colon == text.npos) continue;
    if (!is_no_secret(text.substr(colon + 1, end - colon - 1))) found.push_back({colon + 1, end});
  }
}

/// Texts that begin like this and go on with so many characters of a token.
struct Shape {
  std::string_view begin;
  std::size_t least;
};
constexpr std::array shapes{Shape{"AGE-SECRET-KEY-1", 40},
                            Shape{"AKIA", 16},
                            Shape{"ASIA", 16},
                            Shape{"SCRAM-SHA-256$", 20},
                            Shape{"eyJ", 40},
                            Shape{"hooks.slack.com/services/", 10},
                            Shape{"xoxb-", 10},
                            Shape{"xoxp-", 10},
                            Shape{"ghp_", 30},
                            Shape{"glpat-", 15},
                            Shape{"sk_live_", 10}};

void find_shapes(std::string_view text, std::vector<Span>& found) {
  for (const auto& shape : shapes) {
    for (auto at = text.find(shape.begin); at != text.npos;
         at = text.find(shape.begin, at + shape.begin.size())) {
      if (at > 0 && is_word(text[at - 1])) continue;
      auto end = at + shape.begin.size();
      while (end < text.size() && is_token(text[end])) ++end;
      if (end - at - shape.begin.size() >= shape.least) found.push_back({at, end});
    }
  }
}

/// In order, none within another.
std::vector<Span> secrets_in(std::string_view text) {
  std::vector<Span> found;
  find_named(text, found);
  find_pem(text, found);
  find_passwords_in_urls(text, found);
  find_shapes(text, found);
  std::ranges::sort(found, [](const Span& one, const Span& other) {
    return one.begin != other.begin ? one.begin < other.begin : one.end > other.end;
  });
  std::vector<Span> apart;
  for (const auto& span : found) {
    if (apart.empty() || span.begin >= apart.back().end) {
      apart.push_back(span);
    } else {
      apart.back().end = std::max(apart.back().end, span.end);
    }
  }
  return apart;
}

void redact_rows(Entry& entry) {
  auto rows = parse_rows(entry.contents, entry.path);
  for (auto& row : rows.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!row[i] || row[i]->empty()) continue;
      row[i] = names_a_secret(rows.columns[i].name) ? std::string{redacted} : redact_text(*row[i]);
    }
  }
  entry.contents = to_text(rows);
}

void find_in_rows(const Entry& entry, std::vector<std::string>& found) {
  const auto rows = parse_rows(entry.contents, entry.path);
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    const bool named = names_a_secret(rows.columns[i].name);
    const bool any = std::ranges::any_of(rows.rows, [&](const Row& row) {
      return row[i] && !row[i]->empty() && (named || !secrets_in(*row[i]).empty());
    });
    if (any) found.push_back(fmt::format("{}, column {}", entry.path, rows.columns[i].name));
  }
}

void find_in_text(const Entry& entry, std::vector<std::string>& found) {
  const std::string_view text = entry.contents;
  for (const auto& span : secrets_in(text)) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(span.begin), '\n');
    found.push_back(fmt::format("{}, line {}", entry.path, line));
  }
}

/// "DB_PASS" → "pass", "dbPass" → "pass".
std::string last_word(std::string_view name) {
  auto begin = name.find_last_of("_-.");
  begin = begin == name.npos ? 0 : begin + 1;
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  for (auto at = name.size(); at-- > begin + 1;) {
    if (is_upper(name[at]) && !is_upper(name[at - 1])) return util::lower(name.substr(at));
  }
  return util::lower(name.substr(begin));
}

}  // namespace

bool names_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 19> endings{
      "password",        "passwd",        "passphrase",   "secret",      "token",
      "apikey",          "accesskey",     "secretkey",    "privatekey",  "signingkey",
      "sharedkey",       "secretkeybase", "credential",   "credentials", "encryptionkey",
      "secretaccesskey", "authkey",       "passwordhash", "rediscliauth"};
  constexpr std::array<std::string_view, 4> words{"pass", "pwd", "pw", "authorization"};
  const auto text = plain(name);
  return std::ranges::any_of(endings, [&](auto end) { return text.ends_with(end); }) ||
         std::ranges::find(words, last_word(name)) != words.end();
}

std::string redact_text(std::string_view text) {
  std::string result;
  std::size_t at = 0;
  for (const auto& span : secrets_in(text)) {
    result += text.substr(at, span.begin - at);
    result += redacted;
    at = span.end;
  }
  result += text.substr(at);
  return result;
}

std::vector<std::pair<std::string, std::string>> redact_lines(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> lines(1);
  const auto pass_on = [&](std::string_view piece) {
    for (const char c : piece) {
      if (c == '\n') {
        lines.emplace_back();
      } else {
        lines.back().first += c;
        lines.back().second += c;
      }
    }
  };
  std::size_t at = 0;
  for (const auto& span : secrets_in(text)) {
    pass_on(text.substr(at, span.begin - at));
    lines.back().first += redacted;
    lines.back().second += text.substr(span.begin, span.end - span.begin);
    at = span.end;
  }
  pass_on(text.substr(at));
  return lines;
}

void redact(Entry& entry) {
  if (entry.type == EntryType::rows) {
    redact_rows(entry);
  } else {
    entry.contents = redact_text(entry.contents);
  }
}

std::vector<std::string> find_secrets(const Section& section) {
  std::vector<std::string> found;
  for (const auto& entry : section.entries) {
    if (entry.type == EntryType::rows) {
      find_in_rows(entry, found);
    } else {
      find_in_text(entry, found);
    }
  }
  return found;
}

}  // namespace bkp::exports
