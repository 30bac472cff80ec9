#include "util/environment.hpp"

#include <catch2/catch.hpp>

using bkp::util::Environment;

namespace {

Environment environment_of(std::map<std::string, std::string> variables) {
  return Environment{std::move(variables)};
}

}  // namespace

TEST_CASE("absent and empty variables are the same") {
  const auto environment = environment_of({{"EMPTY", ""}, {"FULL", "x"}, {"SPACE", " "}});
  CHECK_FALSE(environment.get("EMPTY"));
  CHECK_FALSE(environment.get("ABSENT"));
  CHECK(environment.get("FULL") == "x");
}

TEST_CASE("a child gets what it needs and no secret") {
  const auto environment = environment_of({{"HOME", "/home/bkp"},
                                           {"PGHOST", "db"},
                                           {"PGPASSWORD", "geheim"},
                                           {"AWS_SECRET_ACCESS_KEY", "geheim"},
                                           {"LD_PRELOAD", "/tmp/x.so"},
                                           {"LC_ALL", "de_DE.UTF-8"}});
  const auto child = environment.for_child();
  CHECK(child.get("HOME") == "/home/bkp");
  CHECK(child.get("PGHOST") == "db");
  CHECK(child.get("PATH") == environment.search_path());
  CHECK(child.get("LC_ALL") == "C.UTF-8");
  CHECK(child.variables().size() == 4);
}

TEST_CASE("a child demands of the server what this process does") {
  for (const std::string name :
       {"PGSSLMODE", "PGSSLROOTCERT", "PGSSLCRL", "PGSSLMINPROTOCOLVERSION", "PGCHANNELBINDING",
        "PGREQUIREAUTH", "PGREQUIREPEER", "PGGSSENCMODE", "PGTARGETSESSIONATTRS"}) {
    CAPTURE(name);
    Environment environment;
    environment.set(name, "x");
    CHECK(environment.for_child().get(name) == "x");
  }
}
