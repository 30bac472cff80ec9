#include "recover/loose_references.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "recover/sql_text.hpp"
#include "util/text.hpp"

namespace bkp::recover {

namespace {

/// The object identifier types whose values do not survive without the object (PostgreSQL's
/// documentation, section 8.19).
bool holds_names(const Token& type) {
  constexpr std::array<std::string_view, 10> types{
      "regclass", "regcollation", "regconfig",    "regdictionary", "regnamespace",
      "regoper",  "regoperator",  "regprocedure", "regproc",       "regtype"};
  return type.kind == Token::Kind::word && std::ranges::find(types, type.text) != types.end();
}

bool is_column_type(const std::vector<Token>& tokens, std::size_t i) {
  return i >= 2 && holds_names(tokens[i]) && tokens[i - 1].is_name() &&
         (tokens[i - 2].is_symbol('(') || tokens[i - 2].is_symbol(','));
}

/// nextval(('name'::text)::regclass)
bool is_sequence_by_text(const std::vector<Token>& tokens, std::size_t i) {
  return i + 3 < tokens.size() && tokens[i].is_word("nextval") && tokens[i + 1].is_symbol('(') &&
         tokens[i + 2].is_symbol('(') && tokens[i + 3].kind == Token::Kind::string;
}

}  // namespace

std::vector<std::string> loose_references(const std::vector<pg::ArchiveEntry>& entries) {
  std::vector<std::string> found;
  for (const auto& entry : entries) {
    if (entry.description != "TABLE" && entry.description != "DEFAULT") continue;
    const auto name = util::quoted(entry.schema + "." + entry.tag);
    const auto tokens = tokenize(entry.definition);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (is_column_type(tokens, i)) {
        found.push_back(fmt::format("{}: the rows of column {} name objects ({})", name,
                                    util::quoted(tokens[i - 1].text), tokens[i].text));
      } else if (is_sequence_by_text(tokens, i)) {
        found.push_back(fmt::format("{}: a default takes numbers from the sequence {}", name,
                                    util::printable(tokens[i + 3].text)));
      }
    }
  }
  return found;
}

}  // namespace bkp::recover
