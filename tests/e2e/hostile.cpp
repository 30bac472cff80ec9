// Names that want to be SQL, shell, HTML or orders to a terminal; links planted where files go.
#include <catch2/catch.hpp>

#include "support/site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

// Each does something that shows if it is taken for more than a name.
const std::string database = "d'; drop schema bkp cascade; -- $(touch pwned)\x1b[2J<b>\"";
const std::string table = "t`touch pwned`\n\\! touch pwned\n<script>\x1b]0;";
const std::string role = "r\"; drop table x; --<img src=x>\x1b[31m";

std::string quoted_identifier(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string{"\"\""} : std::string{c};
  return text + "\"";
}

void check_tame(const std::string& text) {
  CHECK(text.find('\x1b') == std::string::npos);
}

}  // namespace

TEST_CASE("hostile names of databases, tables and roles stay names, whatever is done with them") {
  Site site;
  const auto& cluster = site.cluster();
  cluster.psql("postgres", "create role " + quoted_identifier(role));
  cluster.create_database(database);
  cluster.psql(database, "create table " + quoted_identifier(table) + " (" +
                             quoted_identifier(role) + " int primary key); insert into " +
                             quoted_identifier(table) + " values (1); alter table " +
                             quoted_identifier(table) + " owner to " + quoted_identifier(role));
  site.must({"init"});
  const auto runbook = site.directory() / "runbook.html";
  const std::vector<std::vector<std::string>> commands{
      {"full", "--db", database, "--verbose"},
      {"list"},
      {"list", "--db", database},
      {"show", "latest", "--db", database},
      {"verify", "--db", database, "--verbose"},
      {"verify", "--db", database, "--level", "checksum"},
      {"restore", "latest", "--db", database, "--into", database.substr(0, 40), "--verbose"},
      {"hold", "latest", "--db", database, "--reason", table},
      {"prune", "--dry-run"},
      {"check"},
      {"catalog", "rebuild", "--store", "local"},
      {"runbook", "--out", runbook.string()}};
  for (const auto& command : commands) {
    const auto outcome = site.run(command);
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 0);
    check_tame(outcome.out + outcome.err);
  }
  for (auto command : {commands[1], commands[3], commands[8], commands[9]}) {
    const auto json = site.json(command);
    CHECK(json.at("exit_code") == 0);
  }
  CHECK(database_digest(cluster, database.substr(0, 40)) == database_digest(cluster, database));
  CHECK(cluster.psql("bkp", "select count(*) > 0 from bkp.runs") == "t");
  for (const auto& directory : {fs::path{"/"}, site.directory(), cluster.data_directory()})
    CHECK_FALSE(fs::exists(directory / "pwned"));
  const auto html = read_text(runbook);
  check_tame(html);
  // The page's own, the last thing in it.
  CHECK(html.find("<script>") == html.rfind("<script>"));
  CHECK_THAT(html, !Contains("<img") && !Contains("<b>") && Contains("&lt;b&gt;"));
}

TEST_CASE("links planted where files go: what they point to stays as it is") {
  Site site;
  const auto victim = site.directory() / "victim";
  write_text(victim, "precious");
  const auto runbook = site.directory() / "runbook.html";
  site.write_config(site.base_config() + "runbook: {path: " + runbook.string() + "}\n");
  site.must({"init"});

  SECTION("the runbook's") {
    fs::create_symlink(victim, runbook);
    site.must({"full", "--db", "postgres"});
    CHECK_FALSE(fs::is_symlink(runbook));
    CHECK_THAT(read_text(runbook), Contains("Recovery runbook"));
  }
  SECTION("the lock's") {
    const auto locks = site.spool().parent_path() / "lock";
    fs::remove_all(locks);
    fs::create_directories(locks);
    fs::create_symlink(victim, locks / "studio.write.lock");
    const auto outcome = site.run({"full", "--db", "postgres"});
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 6);
    CHECK_THAT(outcome.err, Contains("studio.write.lock"));
  }
  SECTION("in the store") {
    const auto elsewhere = site.directory() / "elsewhere";
    fs::create_directory(elsewhere);
    fs::remove_all(site.store() / "studio/backups");
    fs::create_directory_symlink(elsewhere, site.store() / "studio/backups");
    const auto outcome = site.run({"full", "--db", "postgres"});
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 6);
    CHECK(fs::is_empty(elsewhere));
  }
  SECTION("the spool's") {
    site.cluster().psql("postgres", "drop database bkp with (force)");
    fs::create_directories(site.spool());
    site.run({"full", "--db", "postgres"});
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{site.spool()}) files.push_back(entry.path());
    REQUIRE_FALSE(files.empty());
    for (const auto& file : files) {
      fs::remove(file);
      fs::create_symlink(victim, file);
    }
    // Both would deliver what the links point to.
    for (const std::string command : {"init", "full"}) {
      const auto outcome = site.run({command});
      CAPTURE(outcome);
      CHECK(outcome.exit_code == 0);
      for (const auto& file : files) {
        CHECK_THAT(outcome.err, Contains("cannot open spool file \"" + file.string() + "\""));
      }
    }
  }
  CHECK(read_text(victim) == "precious");
}

TEST_CASE("what is made is private, whatever the umask of who starts it") {
  Site site;
  const auto runbook = site.directory() / "runbook.html";
  site.write_config(site.base_config() + "runbook: {path: " + runbook.string() + "}\n");
  for (const std::string command : {"init", "full --db postgres", "verify --db postgres"}) {
    output_of(Program{{"sh", "-c",
                       "umask 0; BKP_CONFIG=" + site.config_file().string() + " exec " +
                           InstalledBkp::program().string() + " " + command}});
  }
  const auto open_to_others =
      output_of(Program{{"find", site.store().string(), site.spool().parent_path().string(),
                         runbook.string(), "-perm", "/077"}});
  CHECK(open_to_others == "");
}
