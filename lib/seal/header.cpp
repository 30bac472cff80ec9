#include "seal/header.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "util/base64.hpp"
#include "util/error.hpp"

namespace bkp::seal {

namespace {

constexpr std::size_t stanza_columns = 64;
constexpr std::string_view stanza_begin = "-> ";
constexpr std::string_view mac_begin = "---";

util::Error malformed_header(std::string_view why) {
  return {util::ErrorKind::damaged, fmt::format("the age header is malformed: {}", why)};
}

std::string encoded(Bytes data) {
  return util::to_base64(data, util::Base64Padding::none);
}

std::vector<std::byte> decoded(std::string_view text) {
  auto data = util::from_base64(text, util::Base64Padding::none);
  if (!data) throw malformed_header("a text is no base 64");
  return std::move(*data);
}

Key32 mac_key(const FileKey& file_key) {
  return hkdf(file_key.bytes(), {}, "header");
}

void append(std::string& text, const Stanza& stanza) {
  text += stanza_begin;
  text += stanza.type;
  for (const auto& argument : stanza.arguments) text += " " + argument;
  text += '\n';
  const auto body = encoded(stanza.body);
  for (std::size_t at = 0; at <= body.size(); at += stanza_columns)
    text += body.substr(at, stanza_columns) + '\n';
}

/// Takes the header's lines one by one.
class Lines {
 public:
  explicit Lines(std::string_view text) : m_rest{text} {}

  bool ahead(std::string_view begin) const { return m_rest.starts_with(begin); }
  std::size_t left() const { return m_rest.size(); }

  std::string_view next() {
    const auto end = m_rest.find('\n');
    if (end == m_rest.npos) throw malformed_header("it ends within a line");
    const auto line = m_rest.substr(0, end);
    m_rest.remove_prefix(end + 1);
    return line;
  }

 private:
  std::string_view m_rest;
};

std::vector<std::string> split_arguments(std::string_view line) {
  std::vector<std::string> arguments(1);
  for (const char c : line) {
    if (c == ' ') {
      arguments.emplace_back();
    } else if (c > ' ' && c <= '~') {
      arguments.back() += c;
    } else {
      throw malformed_header("a stanza has a character that does not belong there");
    }
  }
  const auto empty = [](const auto& argument) { return argument.empty(); };
  if (std::ranges::any_of(arguments, empty))
    throw malformed_header("a stanza has an empty argument");
  return arguments;
}

Stanza parse_stanza(Lines& lines) {
  auto words = split_arguments(lines.next().substr(stanza_begin.size()));
  Stanza stanza;
  stanza.type = std::move(words.front());
  stanza.arguments.assign(std::next(words.begin()), words.end());
  for (bool more = true; more;) {
    const auto line = lines.next();
    if (line.size() > stanza_columns) throw malformed_header("a line of a stanza is too long");
    const auto part = decoded(line);
    stanza.body.insert(stanza.body.end(), part.begin(), part.end());
    more = line.size() == stanza_columns;
  }
  return stanza;
}

}  // namespace

std::string header_text(const std::vector<Stanza>& stanzas, const FileKey& file_key) {
  std::string text{intent};
  for (const auto& stanza : stanzas) append(text, stanza);
  text += mac_begin;
  const auto mac = hmac(mac_key(file_key), text);
  return text + " " + encoded(mac) + "\n";
}

std::optional<std::size_t> end_of_header(std::string_view text) {
  const auto mac = text.find("\n---");
  if (mac == text.npos) return std::nullopt;
  const auto end = text.find('\n', mac + 1);
  if (end == text.npos) return std::nullopt;
  return end + 1;
}

Header parse_header(std::string_view text) {
  if (!text.starts_with(intent)) {
    throw util::Error{util::ErrorKind::damaged, "this is no age file of version 1",
                      "an age file starts with age-encryption.org/v1"};
  }
  Lines lines{text.substr(intent.size())};
  Header header;
  while (lines.ahead(stanza_begin)) header.stanzas.push_back(parse_stanza(lines));
  if (header.stanzas.empty()) throw malformed_header("it has no recipient");
  header.authenticated = text.substr(0, text.size() - lines.left() + mac_begin.size());
  const auto last = lines.next();
  if (!last.starts_with("--- ") || lines.left() > 0)
    throw malformed_header("its last line is wrong");
  const auto mac = decoded(last.substr(mac_begin.size() + 1));
  if (mac.size() != header.mac.size()) throw malformed_header("its MAC has another length");
  std::ranges::copy(mac, header.mac.begin());
  return header;
}

void require_authentic(const Header& header, const FileKey& file_key) {
  if (same_bytes(hmac(mac_key(file_key), header.authenticated), header.mac)) return;
  throw util::Error{util::ErrorKind::damaged, "the age header was changed: its MAC is wrong"};
}

}  // namespace bkp::seal
