#include "verify/copy_target.hpp"

#include <catch2/catch.hpp>

using namespace bkp::verify;

TEST_CASE("a dump's COPY statement is turned round") {
  struct Case {
    const char* statement;
    const char* out;
    const char* query;
  };
  const Case cases[] = {
      {"COPY public.t (a, b) FROM stdin;\n", "COPY public.t (a, b) TO STDOUT",
       "COPY (SELECT a, b FROM public.t) TO STDOUT"},
      {"COPY public.none  FROM stdin;", "COPY public.none TO STDOUT",
       "COPY (SELECT  FROM public.none) TO STDOUT"},
      {"COPY public.none FROM stdin;", "COPY public.none TO STDOUT",
       "COPY (SELECT  FROM public.none) TO STDOUT"},
      {"COPY \"odd \"\"one\"\" FROM stdin;\".\"a.b (c)\" (\"x, y\", \"(\", z) FROM stdin;\n",
       "COPY \"odd \"\"one\"\" FROM stdin;\".\"a.b (c)\" (\"x, y\", \"(\", z) TO STDOUT",
       "COPY (SELECT \"x, y\", \"(\", z FROM \"odd \"\"one\"\" FROM stdin;\".\"a.b (c)\") TO "
       "STDOUT"},
      {"COPY \"line\nbreak\".\"-t\" (\"1\n2\") FROM stdin;\n",
       "COPY \"line\nbreak\".\"-t\" (\"1\n2\") TO STDOUT",
       "COPY (SELECT \"1\n2\" FROM \"line\nbreak\".\"-t\") TO STDOUT"},
  };
  for (const auto& [statement, out, query] : cases) {
    INFO(statement);
    const auto target = parse_copy_statement(statement);
    REQUIRE(target);
    CHECK(copy_out_statement(*target) == out);
    CHECK(copy_out_query(*target, "") == query);
  }
}

TEST_CASE("a condition of an extension's configuration table goes into the query") {
  CHECK(copy_out_query({"ext.conf", "a"}, "WHERE NOT standard") ==
        "COPY (SELECT a FROM ext.conf WHERE NOT standard) TO STDOUT");
}

TEST_CASE("anything else is no COPY statement of a dump") {
  for (const auto* statement :
       {"", "COPY", "COPY t (a) FROM stdin;", "COPY public. (a) FROM stdin;",
        "COPY public.t (a) FROM '/etc/passwd';", "COPY public.t (a FROM stdin;",
        "COPY \"unclosed.t (a) FROM stdin;", "INSERT INTO public.t FROM stdin;",
        "COPY public.t WHERE FROM stdin;", "COPY (SELECT 1) FROM stdin;"}) {
    INFO(statement);
    CHECK_FALSE(parse_copy_statement(statement));
  }
}
