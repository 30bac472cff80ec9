#include "recover/globals.hpp"

#include <catch2/catch.hpp>

using namespace bkp;
using Strings = std::vector<std::string>;

namespace {

constexpr auto script = R"sql(--
-- PostgreSQL database cluster dump
--
\restrict kX9
SET default_transaction_read_only = off;
SET standard_conforming_strings = on;
CREATE ROLE "odd ""one; role";
ALTER ROLE "odd ""one; role" WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:a;b==';
COMMENT ON ROLE "odd ""one; role" IS 'it''s; fine';
CREATE ROLE studio;
ALTER ROLE studio WITH NOSUPERUSER;
ALTER ROLE studio SET search_path TO 'a', 'b';
ALTER ROLE studio IN DATABASE x121 SET work_mem TO '1GB';
GRANT studio TO "odd ""one; role" GRANTED BY postgres;
GRANT SET ON PARAMETER work_mem TO studio;
CREATE TABLESPACE fast OWNER postgres LOCATION '/fast';
\unrestrict kX9
-- PostgreSQL database cluster dump complete
)sql";

pg::ArchiveEntry owned_entry(std::string description, std::string owner,
                             std::string definition = {}) {
  pg::ArchiveEntry made;
  made.description = std::move(description);
  made.owner = std::move(owner);
  made.definition = std::move(definition);
  return made;
}

}  // namespace

TEST_CASE("roles and memberships are read from pg_dumpall's script") {
  const auto globals = recover::parse_globals(script);
  REQUIRE(globals.roles.size() == 2);
  CHECK(globals.roles[0].name == "odd \"one; role");
  CHECK(globals.roles[0].statements.size() == 3);
  CHECK(globals.roles[1].name == "studio");
  CHECK(globals.roles[1].statements == Strings{"CREATE ROLE studio",
                                               "ALTER ROLE studio WITH NOSUPERUSER",
                                               "ALTER ROLE studio SET search_path TO 'a', 'b'"});
  REQUIRE(globals.memberships.size() == 1);
  CHECK(globals.memberships[0].role == "studio");
  CHECK(globals.memberships[0].member == "odd \"one; role");
  CHECK(globals.role("studio") == &globals.roles[1]);
  CHECK(globals.role("nobody") == nullptr);
}

TEST_CASE("the roles a dump needs are owners, grantees, and those of policies") {
  const std::vector<pg::ArchiveEntry> entries{
      owned_entry("TABLE", "owner"),
      owned_entry("COMMENT", ""),
      owned_entry(
          "ACL", "owner",
          "GRANT SELECT(\"to\",b) ON TABLE public.t TO reader;\n"
          "GRANT ALL ON TABLE public.t TO \"Wri ter\" WITH GRANT OPTION;\n"
          "SET SESSION AUTHORIZATION \"Wri ter\";\nGRANT SELECT ON TABLE public.t TO PUBLIC;\n"
          "RESET SESSION AUTHORIZATION;\nREVOKE ALL ON TABLE public.t FROM former;\n"),
      owned_entry(
          "DEFAULT ACL", "owner",
          "ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA s GRANT SELECT ON TABLES TO taker;"),
      owned_entry(
          "POLICY", "owner",
          "CREATE POLICY p ON public.t FOR SELECT TO one, \"Two\" USING ((a = 'to none')) WITH "
          "CHECK (true);"),
      owned_entry("FUNCTION", "owner", "CREATE FUNCTION f() ... TO nobody"),
      owned_entry("ACL", "pg_database_owner", "GRANT USAGE ON SCHEMA public TO PUBLIC;"),
  };
  CHECK(recover::roles_needed(entries, "boss") ==
        Strings{"Two", "Wri ter", "boss", "former", "maker", "one", "owner", "reader", "taker"});
}
