#include "pg/conninfo.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "util/error.hpp"

using bkp::pg::Conninfo;
using bkp::util::Environment;
using bkp::util::Error;
using bkp::util::ErrorKind;

namespace {

Error parse_error(std::string_view text) {
  INFO(text);
  return bkp::test::error_of([&] { Conninfo::parse(text); });
}

}  // namespace

TEST_CASE("keyword strings and URIs mean the same") {
  const auto keywords = Conninfo::parse("host=db2 port=5433 user=bkp dbname='a b'");
  CHECK(keywords == Conninfo::parse("postgresql://bkp@db2:5433/a%20b"));
  CHECK(keywords.get("dbname") == "a b");
  CHECK(keywords.get("hostaddr") == std::nullopt);
}

TEST_CASE("an empty string is a valid way to say: all defaults") {
  const auto conninfo = Conninfo::parse("");
  CHECK(conninfo.keywords().empty());
  CHECK(conninfo.to_argument().empty());
  CHECK(conninfo.describe() == "the default database on the default host");
}

TEST_CASE("an empty value is an absent one") {
  CHECK(Conninfo::parse("host='' user=bkp").get("host") == std::nullopt);
}

TEST_CASE("arguments survive libpq's parser, whatever the database is called") {
  const std::string name =
      GENERATE(as<std::string>{}, "plain", "it's", "back\\slash", "two words", "line\nbreak", "a=b",
               "postgresql://evil/x", "-dash", "", "quote\"s", "caf\xc3\xa9", "'", "\\");
  const auto conninfo = Conninfo::parse("host=/tmp user=bkp").with_database(name);
  CHECK(Conninfo::parse(conninfo.to_argument()) == conninfo);
}

TEST_CASE("passwords stay out of arguments and descriptions") {
  const auto conninfo = Conninfo::parse(
      "host=db2 user=bkp password=hunter2 sslpassword=swordfish passfile=/etc/bkp/pgpass");
  CHECK(conninfo.has_secret());
  CHECK(conninfo.to_argument() == "host=db2 passfile=/etc/bkp/pgpass user=bkp");
  CHECK(conninfo.describe() == "the default database on db2 as bkp");
  CHECK_FALSE(Conninfo::parse("host=db2 passfile=/etc/bkp/pgpass").has_secret());
}

TEST_CASE("a child finds password and password file in its environment") {
  Environment environment;
  Conninfo::parse("host=db2").add_password_to(environment);
  CHECK(environment.variables().empty());
  Conninfo::parse("password=hunter2 passfile=/etc/bkp/pgpass").add_password_to(environment);
  CHECK(environment.get("PGPASSWORD") == "hunter2");
  CHECK(environment.get("PGPASSFILE") == "/etc/bkp/pgpass");
}

TEST_CASE("a description names database, host, port and user, and escapes them") {
  CHECK(Conninfo::parse("dbname=x121 host=/var/run/postgresql port=5432 user=bkp").describe() ==
        "database \"x121\" on /var/run/postgresql:5432 as bkp");
  CHECK(Conninfo::parse("hostaddr=10.0.0.1 service=prod").describe() ==
        "the default database of service \"prod\" on 10.0.0.1");
  const auto hostile = Conninfo{}.with_database("a\nb\x1b[31m").describe();
  CHECK(hostile.find('\n') == hostile.npos);
  CHECK(hostile.find('\x1b') == hostile.npos);
}

TEST_CASE("errors say what is wrong without repeating the text") {
  struct Case {
    std::string text;
    std::string message;
  };
  const auto& [text, message] = GENERATE(values<Case>({
      {"host=db2 password=my secret", "a word in it has no \"=\""},
      {"hots=secret", "it has a keyword that libpq does not know"},
      {"host='secret", "a quote in it is not closed"},
      {"postgresql://bkp:secret@db2/x?hots=1", "it has a parameter that libpq does not know"},
      {"postgresql://bkp:secret@[db2/x", "it is no valid URI"},
      {std::string{"host=secret\0x", 13}, "it contains a zero byte"},
  }));
  const auto error = parse_error(text);
  CHECK(error.kind() == ErrorKind::config);
  CHECK(error.message() == "invalid connection string: " + message);
  CHECK(error.message().find("secret") == std::string::npos);
  CHECK(error.hint().find("postgresql://") != std::string::npos);
}
