// What root does for another user.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/running_as_root.hpp"
#include "support/site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("a run as root leaves nothing that the owner of the store cannot use") {
  // Becoming that user takes root.
  if (!running_as_root()) return;
  Site site;
  const auto runbook = site.directory() / "state/runbook.html";
  site.write_config(site.base_config() + "runbook: {path: " + runbook.string() + "}\n");
  const auto user = system_user("postgres");
  const auto give = [&] {
    output_of(Program{{"chown", "-R", user.name + ":", site.directory().string()}});
    // Root takes no orders from a file that others may change.
    output_of(Program{{"chown", "root", site.config_file().string()}});
    output_of(Program{{"chmod", "640", site.config_file().string()}});
  };
  const auto as_user = [&](const std::vector<std::string>& arguments) {
    auto program = site.bkp().command(arguments);
    return program.as_user(user).run();
  };
  const auto foreign = [&] {
    return output_of(Program{{"find", site.directory().string(), "!", "-user", user.name, "!",
                              "-name", site.config_file().filename().string()}});
  };
  std::filesystem::create_directory(site.store());
  std::filesystem::create_directory(site.directory() / "state");
  give();
  site.cluster().create_database("app");
  site.must({"init"});
  site.must({"full"});
  // Without its catalog the run is kept in the spool.
  site.cluster().psql("postgres", "alter database bkp rename to hidden");
  site.must({"full", "--db", "app"});
  CHECK_FALSE(std::filesystem::is_empty(site.spool()));
  CHECK(foreign() == "");
  site.cluster().psql("postgres", "alter database hidden rename to bkp");
  const auto full = as_user({"full"});
  CAPTURE(full);
  CHECK(full.exit_code == 0);

  const auto closed = site.store() / "studio/backups/20200101T000000Z-full-app";
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
  const auto blocked = as_user({"full", "--db", "app"});
  CAPTURE(blocked);
  CHECK(blocked.exit_code == 0);
  CHECK_THAT(blocked.err, Contains("20200101T000000Z-full-app") && Contains("Permission denied") &&
                              Contains("bkp check"));
  const auto check = as_user({"check"});
  CAPTURE(check);
  CHECK_THAT(check.out, Contains(closed.string()) && Contains("chown -R " + user.name + ": ") &&
                            Contains((site.store() / "studio").string()));
}
