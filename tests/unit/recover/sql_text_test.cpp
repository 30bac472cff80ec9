#include "recover/sql_text.hpp"

#include <catch2/catch.hpp>

#include "util/error.hpp"

using namespace bkp;
using recover::split_statements;
using recover::Token;
using recover::tokenize;
using Strings = std::vector<std::string>;

TEST_CASE("statements end at semicolons that are not inside something") {
  CHECK(split_statements("SELECT 1; SELECT 2;\n") == Strings{"SELECT 1", "SELECT 2"});
  CHECK(split_statements("a ';' \";\" $$;$$ $x$;$$;$x$ E'\\';' ''';' /* ; /* ; */ */ b; c") ==
        Strings{"a ';' \";\" $$;$$ $x$;$$;$x$ E'\\';' ''';' /* ; /* ; */ */ b", "c"});
  CHECK(split_statements("-- a; b\nSELECT 1 -- c;\n;;") == Strings{"SELECT 1 -- c;\n"});
  CHECK(split_statements("").empty());
}

TEST_CASE("psql's own commands between statements are left out") {
  CHECK(split_statements("\\restrict abc'\nSET a = 1;\n\\connect \"x\ny;\n\\unrestrict abc'") ==
        Strings{"SET a = 1", "y"});
}

TEST_CASE("text that ends inside something is damaged") {
  for (const auto* text : {"a 'b", "a \"b", "a $$b", "a /* b", "a $x$ b $y$", "a E'b\\'"}) {
    INFO(text);
    CHECK_THROWS_AS(split_statements(text), util::Error);
  }
}

TEST_CASE("tokens: words in lower case, identifiers without quotes, $ within words") {
  const auto tokens = tokenize("ALTER Role \"Odd \"\"one\"\"\" IN x$1 'it''s' (3) -- no");
  Strings texts;
  for (const auto& token : tokens) texts.push_back(token.text);
  CHECK(texts == Strings{"alter", "role", "Odd \"one\"", "in", "x$1", "'it''s'", "(", "3", ")"});
  CHECK(tokens[2].kind == Token::Kind::quoted);
  CHECK(tokens[2].is_name());
  CHECK_FALSE(tokens[2].is_word("odd \"one\""));
  CHECK(tokens[5].kind == Token::Kind::string);
  CHECK(recover::starts_with(tokens, {"alter", "role"}));
  CHECK_FALSE(recover::starts_with(tokens, {"alter", "role", "x"}));
}
