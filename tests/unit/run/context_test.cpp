#include "run/context.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"
#include "util/error.hpp"

using namespace bkp;

TEST_CASE("the password file of the configuration wins over PGPASSWORD") {
  const test::TemporaryDirectory directory;
  const auto file = directory / "pgpass";
  test::write_text(file, "");
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  util::Environment environment;
  environment.set("PGPASSWORD", "from outside");
  config::Config config;
  CHECK(run::cluster_conninfo(config, environment).get("password") == "from outside");
  CHECK(run::catalog_conninfo(config, environment).get("password") == "from outside");

  config.cluster.password_file = file;
  config.catalog.conninfo = "host=elsewhere";
  for (const auto& conninfo :
       {run::cluster_conninfo(config, environment), run::catalog_conninfo(config, environment)}) {
    CHECK(conninfo.get("passfile") == file.string());
    CHECK_FALSE(conninfo.get("password"));
  }
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  CHECK_THROWS_AS(run::cluster_conninfo(config, environment), util::Error);
}
