// The configuration of a site: exported, compared, brought back, by the installed programs.
#include <catch2/catch.hpp>

#include "e2e/check_failure.hpp"
#include "e2e/exported_archive.hpp"
#include "support/exporting_site.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;
using nlohmann::json;

TEST_CASE("an export is one archive that tar and a JSON reader open") {
  ExportingSite site;
  site.must({"init"});
  const auto made = site.must({"config-export"});
  CAPTURE(made);
  const auto label = newest_label(site);
  const ExportedArchive archive{site, label};
  const auto manifest = archive.read_json("manifest.json");
  CHECK(manifest["format"] == "bkp-config-export");
  CHECK(manifest["version"] == 1);
  CHECK(manifest["site"] == "studio");
  CHECK(manifest["server_version"].get<int>() >= 150000);
  const auto workflows = archive.read_json("workflows/rows.json");
  CHECK(workflows["table"] == json{{"schema", "public"}, {"name", "workflows"}});
  CHECK(workflows["key"] == json{"id"});
  CHECK(workflows["columns"][3]["type"] == "numeric(10,2)");
  CHECK(workflows["columns"][5]["generated"] == true);
  REQUIRE(workflows["rows"].size() == 3);
  CHECK(workflows["rows"][0]["at"] == "2026-01-02 01:04:05+00");
  CHECK(workflows["rows"][0]["graph"] == R"({"steps": [1, 2]})");
  CHECK(workflows["rows"][1]["rate"] == nullptr);
  CHECK(workflows["rows"][2]["name"] == "éclair");
  CHECK(archive.read_json("rbac/grants.json")["rows"].size() == 3);
  const auto hooks = "hooks/files" + site.studio().string() + "/hooks/";
  CHECK(read_text(archive / (hooks + "on_render.py")) == "print('rendered')\n");
  CHECK((std::filesystem::status(archive / (hooks + "on_render.py")).permissions() &
         std::filesystem::perms::mask) == std::filesystem::perms{0750});
  for (const auto* const left_out : {"on_save.pyc", "cache", "link.py"})
    CHECK_FALSE(std::filesystem::exists(archive / (hooks + left_out)));
  CHECK(read_text(archive / "tools/output") == "Linux\n");
  CHECK_THAT(made.err, Contains("1 links, pipes or sockets were passed over"));
  CHECK_THAT(site.must({"show", label}).out, Contains("workflows, rbac, hooks, env, users, tools"));
}

TEST_CASE("an export runs with every backup, and what did not change is not stored again") {
  ExportingSite site;
  site.must({"init"});
  auto full = site.json({"full"})["result"];
  CHECK(full["config_export"]["version"] == 1);
  CHECK(full["config_export"]["unchanged"] == false);
  const auto again = site.must({"full"});
  CHECK_THAT(again.out, Contains("configuration: unchanged since version 1, 6 of 6 sections"));
  full = site.json({"full"})["result"];
  CHECK(full["config_export"]["unchanged"] == true);
  CHECK(full["config_export"]["label"] == newest_label(site));
  auto exports = site.json({"list", "--type", "config"})["result"]["backups"];
  REQUIRE(exports.size() == 1);
  CHECK(exports[0]["method"] == "archive");
  CHECK(exports[0]["export_version"] == 1);
  CHECK(exports[0]["confirmed_at"].is_string());
  const auto of_run = site.cluster().psql(
      "bkp",
      "select count(distinct run_id) || ' ' || count(*) from bkp.backups where run_id = "
      "(select run_id from bkp.backups where backup_type = 'config')");
  CHECK(of_run == "1 4");
  site.psql("update workflows set name = 'regrade' where id = 2");
  site.must({"config-export"});
  exports = site.json({"list", "--type", "config"})["result"]["backups"];
  REQUIRE(exports.size() == 2);
  CHECK(exports[0]["export_version"] == 2);
  // A time alone is no change; a mode is.
  std::filesystem::last_write_time(site.studio() / "hooks/on_save.py",
                                   std::filesystem::file_time_type::clock::now());
  CHECK(site.json({"config-export"})["result"]["config_export"]["unchanged"] == true);
  std::filesystem::permissions(site.studio() / "hooks/on_save.py", std::filesystem::perms{0600});
  CHECK(site.json({"config-export"})["result"]["config_export"]["version"] == 3);
}

TEST_CASE("what is no more where it should be is stored again") {
  ExportingSite site;
  site.must({"init"});
  site.must({"config-export"});
  std::filesystem::remove(site.store() / "studio/backups" / newest_label(site) / "config.tar.zst");
  CHECK(site.json({"config-export"})["result"]["config_export"]["version"] == 2);
  CHECK(site.must({"verify", newest_label(site)}).succeeded());
  // Another host, or one whose notes are lost, stores it once more, under the next number.
  std::filesystem::remove_all(site.spool().parent_path() / "exports");
  CHECK(site.json({"config-export"})["result"]["config_export"]["version"] == 3);
}

TEST_CASE("a damaged export is found, and a mended one is good again") {
  ExportingSite site;
  site.must({"init"});
  site.must({"config-export"});
  const auto part = site.store() / "studio/backups" / newest_label(site) / "config.tar.zst";
  const auto good = read_text(part);
  auto bad = good;
  bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
  write_text(part, bad);
  for (const auto* const level : {"checksum", "restore", "drill"})
    CHECK(site.run({"verify", "latest", "--type", "config", "--level", level}).exit_code == 8);
  CHECK(site.run({"config-restore", "--dry-run"}).exit_code == 8);
  CHECK(site.run({"config-diff", "v1"}).exit_code == 8);
  write_text(part, good);
  site.must({"verify", "v1", "--level", "checksum"});
  site.must({"verify", "v1"});
  const auto backup = site.json({"show", "v1"})["result"]["backup"];
  INFO(backup.dump(1));
  CHECK(backup["verified"] == true);
  CHECK(backup["copies"][0]["error_message"] == nullptr);
}

TEST_CASE("two versions are compared row by row and line by line") {
  ExportingSite site;
  site.must({"init"});
  site.must({"config-export"});
  CHECK_THAT(site.must({"config-diff"}).out, Contains("no difference"));
  site.psql(
      "update workflows set rate = 2, graph = '{\"steps\": [3]}' where id = 1;"
      "delete from grants where what = 'write'; insert into roles values ('guest', 'x')");
  util::write_file_atomically(site.studio() / "hooks/on_save.py",
                              "print('saved')\nprint('twice')\n", 0644);
  util::write_file_atomically(site.studio() / "hooks/new.py", "new\n");
  const auto now = site.must({"config-diff", "latest", "now"});
  CAPTURE(now);
  CHECK_THAT(now.out, Contains("row id=1 changed") && Contains("rate: \"1.50\" → \"2.00\"") &&
                          Contains("row role=lead, what=write removed") &&
                          Contains("row name=guest added") && Contains("+print('twice')") &&
                          Contains("mode: \"0640\" → \"0644\"") && Contains("new.py added"));
  CHECK_THAT(now.out, !Contains("section env"));
  site.must({"config-export"});
  const auto result = site.json({"config-diff", "v1", "v2"})["result"];
  CHECK(result["before"]["version"] == 1);
  CHECK(result["after"]["version"] == 2);
  REQUIRE(result["sections"].size() == 3);
  const auto row = result["sections"][0]["entries"][0]["rows"][0];
  CHECK(row["row"] == "id=1");
  CHECK(row["fields"][0] == json{{"name", "graph"},
                                 {"before", R"({"steps": [1, 2]})"},
                                 {"after", R"({"steps": [3]})"}});
  check_failure(site, {"config-diff", "v9"}, 10, "not_found", "no version \"v9\"");
}

TEST_CASE("a restore shows what it would change, asks, and brings rows and files back") {
  ExportingSite site;
  site.must({"init"});
  site.must({"config-export"});
  const auto rows = site.psql("select * from workflows order by id");
  CHECK_THAT(site.must({"config-restore", "--yes", "studio"}).out, Contains("nothing to do"));
  site.psql(
      "update workflows set rate = 9, name = 'broken' where id = 1; delete from workflows where id "
      "= 3;"
      "delete from grants; delete from roles where name = 'lead';"
      "insert into roles values ('guest', 'x'); update users set name = 'eve' where id = 1");
  util::write_file_atomically(site.studio() / "hooks/on_render.py", "broken\n", 0600);
  std::filesystem::remove(site.studio() / "hooks/on_save.py");
  util::write_file_atomically(site.studio() / ".env",
                              "NAME=other\nDB_PASSWORD=newer-secret-word\n# end\n");
  const auto dry = site.must({"config-restore", "latest", "--dry-run"});
  CAPTURE(dry);
  CHECK_THAT(dry.out, Contains("row id=1 changed") && Contains("row id=3 added") &&
                          Contains("-broken") && Contains("on_save.py added") &&
                          Contains("1 rows that the export has not stay") &&
                          Contains("nothing was changed"));
  CHECK_THAT(dry.out, !Contains("newer-secret-word") && !Contains("tok-1"));
  CHECK(site.psql("select name from workflows where id = 1") == "broken");
  check_failure(site, {"config-restore"}, 11, "refused", "studio");
  check_failure(site, {"config-restore", "--yes", "other"}, 11, "refused", "studio");

  const auto done = site.must({"config-restore", "--yes", "studio"});
  CAPTURE(done);
  CHECK(site.psql("select * from workflows order by id") == rows);
  CHECK(site.psql("select count(*) from grants") == "3");
  CHECK(site.psql("select string_agg(name, ' ' order by name) from roles") == "artist guest lead");
  CHECK(site.psql("select name || api_token from users where id = 1") == "adatok-1-abcdefgh");
  CHECK(read_text(site.studio() / "hooks/on_render.py") == "print('rendered')\n");
  CHECK((std::filesystem::status(site.studio() / "hooks/on_render.py").permissions() &
         std::filesystem::perms::mask) == std::filesystem::perms{0750});
  CHECK(read_text(site.studio() / "hooks/on_save.py") == "print('saved')\n");
  CHECK(read_text(site.studio() / ".env") == "NAME=studio\nDB_PASSWORD=newer-secret-word\n# end\n");
  // What was replaced is kept, and the next identity is not one that was restored.
  const auto kept = done.out.substr(done.out.find("is in /") + 6);
  const auto saved = kept.substr(0, kept.find('\n')) + site.studio().string();
  CHECK(read_text(saved + "/hooks/on_render.py") == "broken\n");
  site.psql("insert into workflows (name, graph) values ('next', '{}')");
  CHECK(site.psql("select max(id) from workflows") == "4");
  CHECK(site.cluster().psql("bkp",
                            "select string_agg(action || ' ' || confirmation, ', ' order by id) "
                            "from bkp.audit_log where action = 'config-restore' and "
                            "confirmation <> ''") == "config-restore --yes studio");
  CHECK(site.cluster().psql("bkp",
                            "select count(*) from bkp.audit_log where action = "
                            "'config-restore.refused'") == "4");

  site.must({"config-restore", "--section", "rbac", "--delete-extra", "--yes", "studio"});
  CHECK(site.psql("select string_agg(name, ' ' order by name) from roles") == "artist lead");
  check_failure(site, {"config-restore", "--section", "tools"}, 11, "refused", "program");
  check_failure(site, {"config-restore", "--section", "sheep"}, 10, "not_found",
                "it has workflows");
}

TEST_CASE("a restore is all or nothing") {
  ExportingSite site;
  site.must({"init"});
  site.must({"config-export"});
  site.psql("update workflows set name = 'broken'; update roles set note = 'broken'");
  util::write_file_atomically(site.studio() / "hooks/on_render.py", "broken\n");
  SECTION("a table refuses") {
    site.psql("alter table roles add check (note <> 'draws')");
    check_failure(site, {"config-restore", "--yes", "studio"}, 5, "database", "roles");
  }
  SECTION("a file cannot be written") {
    site.psql("delete from notes");
    std::filesystem::remove_all(site.studio() / "hooks");
    util::write_file_atomically(site.studio() / "hooks", "in the way\n");
    check_failure(site, {"config-restore", "--yes", "studio"}, 6, "store", "hooks");
    std::filesystem::remove(site.studio() / "hooks");
    std::filesystem::create_directory(site.studio() / "hooks");
    util::write_file_atomically(site.studio() / "hooks/on_render.py", "broken\n");
  }
  CHECK(site.psql("select distinct name from workflows") == "broken");
  CHECK(site.psql("select distinct note from roles") == "broken");
  CHECK(read_text(site.studio() / "hooks/on_render.py") == "broken\n");
}

TEST_CASE("a section that cannot be exported is named, and keeps no other from being") {
  ExportingSite site;
  site.must({"init"});
  site.psql("drop table users");
  std::filesystem::remove(site.studio() / ".env");
  const auto outcome = site.run({"full"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("2 of 6 sections") && Contains("users: ") &&
                              Contains("no table \"users\"") && Contains("env: there is no file"));
  const auto exports = site.json({"list", "--type", "config"})["result"]["backups"];
  REQUIRE(exports.size() == 1);
  CHECK_THAT(exports[0]["error_message"].get<std::string>(), Contains("2 of 6 sections"));
  CHECK(site.json({"list", "--db", "x121"})["result"]["backups"][0]["status"] == "completed");
  CHECK_THAT(site.run({"config-restore", "--section", "users"}).err,
             Contains("could not be exported") && Contains("no table"));
  const auto verified = site.must({"verify", newest_label(site)});
  CHECK_THAT(verified.out, Contains("4 good, 2 skipped"));
}

TEST_CASE("what fails as it did is not stored again, and is an error each time") {
  ExportingSite site;
  site.must({"init"});
  site.psql("drop table users");
  CHECK(site.run({"config-export"}).exit_code == 3);
  const auto again = site.json({"config-export"});
  CHECK(again["exit_code"] == 3);
  CHECK(again["result"]["config_export"]["unchanged"] == true);
  CHECK_THAT(again["error"]["message"].get<std::string>(), Contains("1 of 6 sections"));
  CHECK(site.run({"config-diff"}).exit_code == 3);
  CHECK(site.json({"list", "--type", "config"})["result"]["backups"].size() == 1);
  CHECK(site.run({"config-export", "--store", "nope"}).exit_code == 10);
}

TEST_CASE("without the catalog and without the server's databases") {
  ExportingSite site;
  site.must({"init"});
  site.must({"config-export"});
  site.psql("update workflows set name = 'other' where id = 1");
  site.cluster().psql("postgres", "alter database bkp rename to away");
  const auto made = site.json({"config-export"});
  INFO(made.dump(1));
  CHECK(made["result"]["config_export"]["version"] == 2);
  CHECK_THAT(site.must({"config-diff", "v1", "v2"}).out, Contains("row id=1 changed"));
  site.cluster().psql("postgres", "alter database away rename to bkp");
  site.must({"list"});
  CHECK(site.json({"list", "--type", "config"})["result"]["backups"][0]["export_version"] == 2);
}

TEST_CASE("mistakes in the sections are told by line") {
  ExportingSite site;
  const auto config = [&](const std::string& section) {
    site.write_config(site.base_config() + "config_export: {sections: [{name: a, " + section +
                      "}]}\n");
  };
  config("secret: keep");
  check_failure(site, {"config-export"}, 4, "config", "does not say what is in it");
  config("sql: select 1, server: true");
  check_failure(site, {"config-export"}, 4, "config", "has both sql and server");
  config("sql: select 1");
  check_failure(site, {"config-export"}, 4, "config", "database");
  config("server: true, key: [a]");
  check_failure(site, {"config-export"}, 4, "config", "does not go with server");
  config("server: true, secret: hide");
  check_failure(site, {"config-export"}, 4, "config", "keep, seal or redact");
  site.write_config(site.base_config());
  check_failure(site, {"config-export"}, 4, "config", "there is no section");
}
