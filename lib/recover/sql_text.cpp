#include "recover/sql_text.hpp"

#include <algorithm>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::recover {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
/// Bytes above 127 are letters to PostgreSQL's lexer, whatever the encoding.
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_word_part(char c) {
  return is_word_start(c) || is_digit(c) || c == '$';
}

/// A lexical element of the text: where it ends and what it is.
struct Element {
  enum class Kind { space, word, quoted, string, symbol };
  Kind kind;
  std::size_t end;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : m_text{text} {}

  Element at(std::size_t start) const {
    const char c = m_text[start];
    if (is_space(c)) return {Element::Kind::space, start + 1};
    if (m_text.substr(start, 2) == "--") return {Element::Kind::space, end_of_line(start)};
    if (m_text.substr(start, 2) == "/*") return {Element::Kind::space, end_of_comment(start)};
    if (c == '"') return {Element::Kind::quoted, after_quote(start, '"', false)};
    if (c == '\'') return {Element::Kind::string, after_quote(start, '\'', false)};
    if ((c == 'E' || c == 'e') && m_text.substr(start + 1, 1) == "'") {
      return {Element::Kind::string, after_quote(start + 1, '\'', true)};
    }
    if (c == '$') {
      if (const auto tag = dollar_tag(start); !tag.empty()) {
        return {Element::Kind::string, after_dollar_quote(start, tag)};
      }
    }
    if (is_word_start(c) || is_digit(c)) {
      auto end = start + 1;
      while (end < m_text.size() && is_word_part(m_text[end])) ++end;
      return {Element::Kind::word, end};
    }
    return {Element::Kind::symbol, start + 1};
  }

  std::size_t end_of_line(std::size_t start) const {
    const auto end = m_text.find('\n', start);
    return end == m_text.npos ? m_text.size() : end + 1;
  }

 private:
  [[noreturn]] static void unfinished(std::string_view what) {
    throw util::Error{util::ErrorKind::damaged,
                      "SQL from the backup ends inside a " + std::string{what},
                      "the backup is not complete; use another one"};
  }

  /// Comments nest in PostgreSQL.
  std::size_t end_of_comment(std::size_t start) const {
    int depth = 0;
    for (std::size_t i = start; i + 1 < m_text.size(); ++i) {
      if (m_text.substr(i, 2) == "/*") {
        ++depth;
        ++i;
      } else if (m_text.substr(i, 2) == "*/") {
        ++i;
        if (--depth == 0) return i + 1;
      }
    }
    unfinished("comment");
  }

  std::size_t after_quote(std::size_t start, char quote, bool escapes) const {
    for (std::size_t i = start + 1; i < m_text.size(); ++i) {
      if (escapes && m_text[i] == '\\') {
        ++i;
      } else if (m_text[i] == quote) {
        if (m_text.substr(i + 1, 1) != std::string_view{&quote, 1}) return i + 1;
        ++i;
      }
    }
    unfinished("quoted text");
  }

  std::string_view dollar_tag(std::size_t start) const {
    auto end = start + 1;
    if (end < m_text.size() && is_digit(m_text[end])) return {};
    while (end < m_text.size() && m_text[end] != '$' && is_word_part(m_text[end])) ++end;
    if (end >= m_text.size() || m_text[end] != '$') return {};
    return m_text.substr(start, end + 1 - start);
  }

  std::size_t after_dollar_quote(std::size_t start, std::string_view tag) const {
    const auto end = m_text.find(tag, start + tag.size());
    if (end == m_text.npos) unfinished("dollar-quoted text");
    return end + tag.size();
  }

  std::string_view m_text;
};

std::string unquoted(std::string_view text) {
  std::string result;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    result += text[i];
    if (text[i] == '"') ++i;
  }
  return result;
}

}  // namespace

std::vector<std::string> split_statements(std::string_view script) {
  const Lexer lexer{script};
  std::vector<std::string> statements;
  std::size_t begin = script.npos;
  for (std::size_t i = 0; i < script.size();) {
    if (begin == script.npos && script[i] == '\\') {
      i = lexer.end_of_line(i);
      continue;
    }
    const Element element = lexer.at(i);
    const bool ends = element.kind == Element::Kind::symbol && script[i] == ';';
    if (ends && begin != script.npos) {
      statements.emplace_back(script.substr(begin, i - begin));
      begin = script.npos;
    } else if (!ends && begin == script.npos && element.kind != Element::Kind::space) {
      begin = i;
    }
    i = element.end;
  }
  if (begin != script.npos) statements.emplace_back(script.substr(begin));
  return statements;
}

std::vector<Token> tokenize(std::string_view statement) {
  const Lexer lexer{statement};
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < statement.size();) {
    const Element element = lexer.at(i);
    const auto begin = i;
    const auto text = statement.substr(i, element.end - i);
    i = element.end;
    switch (element.kind) {
      case Element::Kind::space:
        break;
      case Element::Kind::word:
        tokens.push_back({Token::Kind::word, util::lower(text), begin, i});
        break;
      case Element::Kind::quoted:
        tokens.push_back({Token::Kind::quoted, unquoted(text), begin, i});
        break;
      case Element::Kind::string:
        tokens.push_back({Token::Kind::string, std::string{text}, begin, i});
        break;
      case Element::Kind::symbol:
        tokens.push_back({Token::Kind::symbol, std::string{text}, begin, i});
        break;
    }
  }
  return tokens;
}

bool starts_with(const std::vector<Token>& tokens, std::initializer_list<std::string_view> words) {
  return tokens.size() >= words.size() &&
         std::equal(words.begin(), words.end(), tokens.begin(),
                    [](std::string_view word, const Token& token) { return token.is_word(word); });
}

}  // namespace bkp::recover
