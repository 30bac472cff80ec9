#include "exports/secrets.hpp"

#include <catch2/catch.hpp>

#include "exports/rows.hpp"

using namespace bkp::exports;

TEST_CASE("names that name a secret, and names that only have to do with one") {
  for (const auto* const name :
       {"password", "DB_PASSWORD", "pgpassword", "client-secret", "SECRET_KEY_BASE", "apiKey",
        "api_token", "pwd", "aws_secret_access_key", "ssl.private_key", "credentials",
        "REDISCLI_AUTH"}) {
    CAPTURE(name);
    CHECK(names_a_secret(name));
  }
  for (const auto* const name : {"password_file", "token_lifetime", "passwords_allowed", "author",
                                 "key", "id", "pass_count", "secretary"}) {
    CAPTURE(name);
    CHECK_FALSE(names_a_secret(name));
  }
}

TEST_CASE("values are replaced, and nothing else") {
  struct Case {
    std::string text;
    std::string expected;
  };
  const auto one = GENERATE(values<Case>({
      {"DB_PASSWORD=geheim\nNAME=x\n", "DB_PASSWORD=[redacted]\nNAME=x\n"},
      {"export API_KEY='a b'  # c\n", "export API_KEY='[redacted]'  # c\n"},
      {R"({"api_key": "k", "n": 1, "token":"t"})",
       R"({"api_key": "[redacted]", "n": 1, "token":"[redacted]"})"},
      {"password: geheim # c", "password: [redacted] # c"},
      {"password:\n  nested: x", "password:\n  nested: x"},
      {"password: ${VAULT}\nsecret = null\ntoken: {file: /x}",
       "password: ${VAULT}\nsecret = null\ntoken: {file: /x}"},
      {"password_file: /etc/x", "password_file: /etc/x"},
      {"url: postgres://u:geheim@h/db", "url: postgres://u:[redacted]@h/db"},
      {"url: https://h/x:y@z", "url: https://h/x:y@z"},
      {"ALTER ROLE a WITH PASSWORD 'SCRAM-SHA-256$4096:abcdefghijklmnop==$x:y';",
       "ALTER ROLE a WITH PASSWORD '[redacted]';"},
      {"key AKIAIOSFODNN7EXAMPLE end", "key [redacted] end"},
      {"https://hooks.slack.com/services/T00/B00/xyz", "https://[redacted]"},
      {"-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nafter",
       "-----BEGIN EC PRIVATE KEY-----[redacted]-----END EC PRIVATE KEY-----\nafter"},
      {"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
       "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----"},
      {"a token is a word", "a token is a word"},
      {"password=\"\"", "password=\"\""},
      {"password=\"unclosed\nNAME=x", "password=\"[redacted]\nNAME=x"},
      {"token", "token"},
      {"DB_PASS=x MYSQL_PWD=y", "DB_PASS=[redacted]"},
      {"Authorization: Basic dXNlcg== x", "Authorization: Basic [redacted]"},
      {"run --password geheim --user x", "run --password [redacted] --user x"},
      {"<password>geheim</password>", "<password>[redacted]</password>"},
      {"a:\n  x_password: |\n    one\n\n    two\n  next: y\n",
       "a:\n  x_password: |\n[redacted]\n  next: y\n"},
      {"secret: \"one\ntwo\"\nNAME=x", "secret: \"[redacted]\"\nNAME=x"},
      {"DB_PASSWORD=abc#def,ghi # mine\nA=b", "DB_PASSWORD=[redacted] # mine\nA=b"},
      {"f(password=abc, x)", "f(password=[redacted], x)"},
      {"password={SSHA}abc", "password=[redacted]"},
      {"compass=north bypass: yes", "compass=north bypass: yes"},
      {"example.org/api-token: geheim", "example.org/api-token: [redacted]"},
      {"", ""},
  }));
  CAPTURE(one.text);
  CHECK(redact_text(one.text) == one.expected);
  CHECK(redact_text(one.expected) == one.expected);
}

TEST_CASE("in rows a column of such a name is redacted, and what looks like a secret elsewhere") {
  RowSet rows;
  rows.columns = {{"id", "int4", "id", false},
                  {"token", "text", "token", false},
                  {"graph", "jsonb", "graph", false}};
  rows.rows = {{"1", "abc", R"({"password": "p"})"}, {"2", std::nullopt, "{}"}};
  Section section{
      .name = "users",
      .entries = {{.path = "users/rows.json", .type = EntryType::rows, .contents = to_text(rows)}}};
  CHECK(find_secrets(section) ==
        std::vector<std::string>{"users/rows.json, column token", "users/rows.json, column graph"});
  redact(section.entries.front());
  const auto redacted_rows = parse_rows(section.entries.front().contents, "x");
  CHECK(redacted_rows.rows == std::vector<Row>{{"1", "[redacted]", R"({"password": "[redacted]"})"},
                                               {"2", std::nullopt, "{}"}});
  section.entries = {{.path = "env/output", .contents = "A=1\nSECRET=2\n"}};
  CHECK(find_secrets(section) == std::vector<std::string>{"env/output, line 2"});
}
