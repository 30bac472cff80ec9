#include "pg/roles.hpp"

#include <catch2/catch.hpp>

#include "support/shared_cluster.hpp"

using namespace bkp;
using namespace bkp::test;

TEST_CASE("who may become whom") {
  cluster().psql(
      "postgres",
      "create role painter login noinherit; create role studio_owner; create role stranger;"
      "grant studio_owner to painter");
  const util::Interrupt calm;
  auto painter = pg::Connection::open(conninfo("postgres").with("user", "painter"), calm);
  CHECK(pg::may_become(painter, "painter"));
  CHECK(pg::may_become(painter, "studio_owner"));
  CHECK_FALSE(pg::may_become(painter, "stranger"));
  CHECK_FALSE(pg::may_become(painter, "nobody"));
  CHECK(pg::role_exists(painter, "stranger"));
  CHECK_FALSE(pg::role_exists(painter, "nobody"));
  auto superuser = pg::Connection::open(conninfo("postgres"), calm);
  CHECK(pg::may_become(superuser, "stranger"));
  if (superuser.server_version() >= 160000) {
    cluster().psql("postgres", "grant studio_owner to painter with set false");
    CHECK_FALSE(pg::may_become(painter, "studio_owner"));
  }
}
