#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bkp::recover {

/// Just enough of PostgreSQL's lexical structure (documentation, section 4.1) to take apart what
/// pg_dump and pg_dumpall write: comments, quoted identifiers, string constants with and without
/// E'' escapes, and dollar quotes. Text that ends inside one of them is Error{damaged}.

/// The statements of a script, without their semicolons and the comments before them. psql's
/// backslash commands between statements are left out.
std::vector<std::string> split_statements(std::string_view script);

struct Token {
  enum class Kind {
    word,    ///< keyword, unquoted identifier (in lower case) or number
    quoted,  ///< "identifier", quotes resolved
    string,  ///< 'constant', quotes and escapes as written
    symbol,  ///< one character
  };
  Kind kind = Kind::symbol;
  std::string text;
  std::size_t begin = 0;  ///< where it stands in the statement
  std::size_t end = 0;    ///< behind its last byte

  bool is_word(std::string_view word) const { return kind == Kind::word && text == word; }
  bool is_symbol(char symbol) const { return kind == Kind::symbol && text[0] == symbol; }
  bool is_name() const { return kind == Kind::word || kind == Kind::quoted; }
};

std::vector<Token> tokenize(std::string_view statement);

/// True when the tokens begin with these keywords.
bool starts_with(const std::vector<Token>& tokens, std::initializer_list<std::string_view> words);

}  // namespace bkp::recover
