#include "report/runbook_publish.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "backup/site_file.hpp"
#include "report/page_checksum.hpp"
#include "report/runbook.hpp"
#include "sample_model.hpp"
#include "store/url.hpp"
#include "support/manual_clock.hpp"
#include "support/no_programs.hpp"
#include "support/open_store.hpp"
#include "support/outside.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::report {

namespace {

using Catch::Matchers::Contains;

constexpr auto label = "20261121T020000Z-full-studio";

/// A site with two stores in a temporary directory, a server that is down and so a catalog that is:
/// the state a runbook is for.
class DisasterSite {
 public:
  DisasterSite() {
    m_config.site = "studio";
    m_config.file = m_directory / "bkp.yaml";
    m_config.cluster.conninfo = "host=" + (m_directory / "no-server").string() + " user=bkp";
    m_config.catalog.spool_directory = m_directory / "spool";
    m_config.databases.include = {"studio", "forgotten", "scratch_*"};
    for (const auto* name : {"local", "vault"}) {
      config::Store store;
      store.name = name;
      store.url = store::file_url(m_directory / name);
      m_config.stores.push_back(store);
      std::filesystem::create_directory(m_directory / name);
      backup::write_site_file(*test::open_store(store.url, store::OpenMode::existing),
                              backup::Layout{"studio"}, {"studio", "", m_clock.now()});
    }
    m_config.runbook.path = m_directory / "printed.html";
  }

  config::Config& config() { return m_config; }
  run::Context& context() { return m_context; }

  /// Puts the sample's backup into a store.
  void add_backup(const std::string& store) {
    const backup::Layout layout{"studio"};
    auto manifest = test::sample_model().databases[0].newest->manifest;
    for (auto& table : manifest.fingerprint->tables) table.hash = std::string(32, '0');
    store::put_text(*context().open_store(store).store, layout.manifest(label),
                    backup::to_text(manifest));
  }

  std::filesystem::path file(const std::string& name) const { return m_directory / name; }
  std::filesystem::path page(const std::string& store) const {
    return m_directory / (store + "/studio/runbook/runbook.html");
  }

 private:
  test::TemporaryDirectory m_directory;
  config::Config m_config;
  test::ManualClock m_clock{util::parse_time("2026-11-21T02:05:00Z")};
  test::NoPrograms m_programs;
  test::Outside m_outside;
  catalog::Recorder m_recorder{
      {{}, "bkp", m_directory / "spool"}, m_clock, m_outside.log, m_outside.interrupt};
  run::Context m_context = m_outside.context(m_config, m_clock, m_recorder, m_programs);
};

}  // namespace

TEST_CASE(
    "with server and catalog down the page is made from the stores and says what is missing") {
  DisasterSite site;
  site.add_backup("local");
  site.add_backup("vault");
  const auto model = build_runbook_model(site.context());
  REQUIRE(model.databases.size() == 2);
  CHECK(model.databases[0].name == "forgotten");
  CHECK_FALSE(model.databases[0].newest);
  REQUIRE(model.databases[1].newest);
  CHECK(model.databases[1].newest->manifest.label == label);
  CHECK(model.databases[1].newest->stores == std::vector<std::string>{"local", "vault"});
  CHECK_FALSE(model.databases[1].newest->verified);
  CHECK(model.server_version == 150018);
  CHECK_FALSE(model.role_is_superuser);
  REQUIRE_FALSE(model.problems.empty());
  CHECK_THAT(model.problems.front(), Contains("asking the server"));
  CHECK_THAT(render_runbook(model), Contains("Could not be read while this page was made"));
}

TEST_CASE("a pattern is no database, whatever makes it one") {
  DisasterSite site;
  site.config().databases.include = {"foo\\_bar", "scratch_[ab]", "plain"};
  const auto model = build_runbook_model(site.context());
  REQUIRE(model.databases.size() == 1);
  CHECK(model.databases[0].name == "plain");
}

TEST_CASE("a store that is gone is named, the other one is used") {
  DisasterSite site;
  site.add_backup("vault");
  std::filesystem::remove_all(site.file("local"));
  const auto model = build_runbook_model(site.context());
  CHECK_FALSE(model.stores[0].problem.empty());
  CHECK(model.stores[1].problem.empty());
  REQUIRE(model.databases[1].newest);
  CHECK(model.databases[1].newest->stores == std::vector<std::string>{"vault"});
}

TEST_CASE("a damaged manifest is a problem on the page, not the end of it") {
  DisasterSite site;
  const backup::Layout layout{"studio"};
  store::put_text(*site.context().open_store("local").store, layout.manifest(label), "{");
  const auto model = build_runbook_model(site.context());
  CHECK(model.newest() == nullptr);
}

TEST_CASE("the configuration in the page holds no password") {
  DisasterSite site;
  site.config().cluster.conninfo += " password=hunter2";
  site.config().catalog.conninfo = "host=db9 password=hunter2";
  site.add_backup("local");
  CHECK_THAT(render_runbook(build_runbook_model(site.context())),
             !Contains("hunter2") && Contains("db9"));
}

TEST_CASE("publishing writes every store, the configured path and a page beside the new backup") {
  DisasterSite site;
  site.add_backup("local");
  const auto model = build_runbook_model(site.context());
  const auto published = publish_runbook(site.context(), model, {label, "20200101T000000Z-full-x"});
  CHECK(published.failures.empty());
  CHECK(published.places.size() == 4);
  const auto page = test::read_text(site.page("local"));
  CHECK(page == with_checksum(render_runbook(model), backup::Layout{"studio"}.runbook()));
  CHECK(test::read_text(site.page("vault")) == page);
  CHECK(test::read_text(site.file("printed.html")) == page);
  CHECK(std::filesystem::status(site.file("printed.html")).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const auto beside = std::string{"/studio/backups/"} + label + "/runbook.html";
  CHECK_THAT(test::read_text(site.file("local" + beside)), !Contains("Database forgotten"));
  CHECK_FALSE(std::filesystem::exists(site.file("vault" + beside)));
}

TEST_CASE("publishing again replaces the current page and keeps the one beside the backup") {
  DisasterSite site;
  site.add_backup("local");
  auto model = build_runbook_model(site.context());
  publish_runbook(site.context(), model, {label});
  model.contacts = {"somebody new"};
  CHECK(publish_runbook(site.context(), model, {label}).failures.empty());
  CHECK_THAT(test::read_text(site.page("local")), Contains("somebody new"));
  const auto beside = site.file(std::string{"local/studio/backups/"} + label + "/runbook.html");
  CHECK_THAT(test::read_text(beside), !Contains("somebody new"));
}

TEST_CASE("a place that cannot be written is a warning and costs the others nothing") {
  DisasterSite site;
  site.config().runbook.path = site.file("no-such-directory") / "runbook.html";
  std::filesystem::remove_all(site.file("vault"));
  site.add_backup("local");
  const auto model = build_runbook_model(site.context());
  const auto published = publish_runbook(site.context(), model, {});
  CHECK(published.failures.size() == 2);
  CHECK(site.context().warnings.size() >= 2);
  CHECK(std::filesystem::exists(site.page("local")));
}

TEST_CASE("an empty mount point gets no page and is no store that answered") {
  DisasterSite site;
  site.add_backup("local");
  std::filesystem::remove_all(site.file("vault"));
  std::filesystem::create_directory(site.file("vault"));
  const auto model = build_runbook_model(site.context());
  CHECK_THAT(model.stores[1].problem, Contains("holds no site"));
  const auto published = publish_runbook(site.context(), model, {label});
  REQUIRE(published.failures.size() == 1);
  CHECK_THAT(published.failures[0], Contains("vault") && Contains("holds no site"));
  CHECK(std::filesystem::is_empty(site.file("vault")));
  CHECK(std::filesystem::exists(site.page("local")));
}

TEST_CASE("a dry run names the places and writes none") {
  DisasterSite site;
  site.add_backup("local");
  site.context().dry_run = true;
  const auto published =
      publish_runbook(site.context(), build_runbook_model(site.context()), {label});
  CHECK(published.places.size() == 4);
  CHECK_FALSE(std::filesystem::exists(site.page("local")));
  CHECK_FALSE(std::filesystem::exists(site.file("printed.html")));
}

TEST_CASE("a page is stale when it is missing or older than the newest backup") {
  DisasterSite site;
  site.add_backup("local");
  const auto model = build_runbook_model(site.context());
  auto store = site.context().open_store("local").store;
  const backup::Layout layout{"studio"};
  const auto made = util::parse_time("2026-11-21T02:00:00Z");
  CHECK(runbook_staleness(*store, layout, label, made) == "is missing");
  publish_runbook(site.context(), model, {});
  const auto written = store->stat(layout.runbook())->modified;
  CHECK_FALSE(runbook_staleness(*store, layout, label, written - std::chrono::seconds{1}));
  CHECK(runbook_staleness(*store, layout, label, written + std::chrono::seconds{1}) ==
        std::string{"is older than the newest backup, "} + label);
}

TEST_CASE("renewing never throws for trouble: the backup is good without its page") {
  DisasterSite site;
  std::filesystem::remove_all(site.file("local"));
  std::filesystem::remove_all(site.file("vault"));
  site.config().runbook.path.reset();
  CHECK_NOTHROW(renew_runbook(site.context(), {label}));
  CHECK_FALSE(site.context().warnings.empty());
}

}  // namespace bkp::report
