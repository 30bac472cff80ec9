// `bkp wal-setup`: what it changes, and that it proves it.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/archiving_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("wal-setup says what it changes, asks, and proves that it works") {
  Site site{"wal: {archive_timeout: 45s}\n", {}, Site::Owner::server};
  site.must({"init"});
  auto& cluster = site.cluster();
  const auto setting = [&](const std::string& name) {
    return cluster.psql("postgres", "select current_setting(" + sql_literal(name) + ")");
  };

  const auto planned = site.run({"wal-setup", "--dry-run"});
  CAPTURE(planned);
  CHECK(planned.exit_code == 0);
  CHECK_THAT(planned.out, Contains("archive_mode") && Contains("after a restart"));
  CHECK(site.run({"wal-setup"}).exit_code == 11);
  CHECK(site.run({"wal-setup", "--yes", "other"}).exit_code == 11);
  CHECK(setting("archive_timeout") == "0");

  const auto changed = site.run({"wal-setup", "--yes", "studio"});
  CAPTURE(changed);
  CHECK(changed.exit_code == 3);
  CHECK_THAT(changed.err, Contains("archive_mode changes with its next restart"));
  cluster.restart();

  const auto proven = site.json({"wal-setup", "--yes", "studio"});
  CHECK(proven["exit_code"] == 0);
  CHECK(setting("archive_timeout") == "45s");
  const std::string name = proven["result"]["proven_by"];
  CHECK(std::filesystem::exists(ArchivingSite::in_store(site.store(), name)));
  const auto audited = cluster.psql("bkp",
                                    "select string_agg(action, ' ' order by id) from bkp.audit_log "
                                    "where action like 'wal-setup%'");
  CHECK(audited == "wal-setup.refused wal-setup.refused wal-setup");

  // Nothing to change, so nothing is asked: it is a test then.
  const auto again = site.must({"wal-setup"});
  // The defaults' incr and wal-check.
  CHECK_THAT(again.out, Contains("still switched off: bkp schedule enable 2 3"));
  std::filesystem::rename(site.store(), site.directory() / "gone");
  CHECK(site.run({"wal-setup"}).exit_code == 6);
}

TEST_CASE("wal-setup notices a server whose user cannot run wal-push") {
  ArchivingSite site;
  site.must({"init"});
  REQUIRE(site.run({"wal-setup", "--yes", "studio"}).exit_code == 0);
  // What the server's user cannot write.
  const auto state = site.directory() / "state/wal/studio";
  std::filesystem::remove_all(state);
  write_text(state, "");
  const auto outcome = site.run({"wal-setup"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("was not archived") && Contains("its own user"));
}
