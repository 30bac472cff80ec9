// What stands in the way of a restore of the configuration, and what may come out of it.
#include <catch2/catch.hpp>
#include <csignal>

#include "e2e/check_failure.hpp"
#include "support/exporting_site.hpp"
#include "support/replaced.hpp"
#include "support/wait_until.hpp"

using namespace bkp;
using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A site of one section, exported.
class OneSection : public ExportingSite {
 public:
  /// STUDIO in it becomes studio().
  explicit OneSection(std::string section) {
    if (const auto at = section.find("STUDIO"); at != section.npos)
      section.replace(at, 6, studio().string());
    write_config(base_config() + "config_export: {sections: [{name: one, " + section + "}]}\n");
    must({"init"});
  }
  void take() { must({"config-export"}); }
  Outcome restore(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"config-restore", "--yes", "studio"});
    return run(std::move(more));
  }
};

std::filesystem::perms mode_of(const std::filesystem::path& path) {
  return std::filesystem::symlink_status(path).permissions() & std::filesystem::perms::mask;
}

}  // namespace

TEST_CASE("rows that refer to each other, and keys that move on, find their order") {
  OneSection site{"database: x121, tables: [tree, slots]"};
  site.psql(
      "create table tree (id int primary key, parent int references tree);"
      "insert into tree values (1, 3), (2, null), (3, 2);"
      "create table slots (id int primary key, place int unique);"
      "insert into slots values (1, 10), (2, 20), (3, 30)");
  site.take();
  site.psql(
      "delete from tree; update slots set place = place + 100;"
      "update slots set place = case id when 1 then 20 when 2 then 30 else 40 end");
  const auto outcome = site.restore();
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
  CHECK(site.psql("select string_agg(id || ':' || parent, ' ' order by id) from tree") ==
        "1:3 3:2");
  CHECK(site.psql("select string_agg(place::text, ' ' order by id) from slots") == "10 20 30");
  // Two that change places have no order, and nothing is done.
  site.psql(
      "update slots set place = -place; update slots set place = case id when 1 then 20 "
      "when 2 then 10 else 30 end");
  const auto swapped = site.restore();
  CHECK(swapped.exit_code == 5);
  CHECK_THAT(swapped.err, Contains("nothing was restored"));
  CHECK(site.psql("select place from slots where id = 1") == "20");
}

TEST_CASE("what a trigger changes is no restore") {
  OneSection site{"database: x121, tables: [roles]"};
  site.take();
  site.psql(
      "update roles set note = 'x' where name = 'artist';"
      "create function upper_note() returns trigger language plpgsql as "
      "'begin new.note := upper(new.note); return new; end';"
      "create trigger t before update on roles for each row execute function upper_note()");
  const auto outcome = site.restore();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 11);
  CHECK_THAT(outcome.err, Contains("a trigger changed it"));
  CHECK(site.psql("select note from roles where name = 'artist'") == "x");
}

TEST_CASE(
    "a table that is gone is named with its section, a database that is read only is no bar") {
  OneSection site{"database: x121, tables: [roles]"};
  site.take();
  site.psql("update roles set note = 'x'");
  site.cluster().psql("postgres", "alter database x121 set default_transaction_read_only = on");
  CHECK(site.restore().succeeded());
  site.cluster().psql("postgres", "alter database x121 reset default_transaction_read_only");
  site.psql("drop table roles cascade");
  const auto outcome = site.restore();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 11);
  CHECK_THAT(outcome.err, Contains("section \"one\"") && Contains("public.roles") &&
                              Contains("hint: bring the table back first"));
}

TEST_CASE("what the server says of a row with secrets is not passed on") {
  OneSection site{"database: x121, tables: [users], secret: redact"};
  site.take();
  site.psql("delete from users; alter table users add check (name <> 'ada')");
  const auto outcome = site.restore();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 5);
  CHECK_THAT(outcome.err, Contains("23514") && !Contains("Failing row"));
  CHECK(site.cluster().psql(
            "bkp", "select count(*) from bkp.audit_log where details::text ~ 'Failing'") == "0");
  site.psql("alter table users drop constraint users_name_check");
  const auto done = site.restore();
  CHECK_THAT(done.out, Contains("values of api_token were not exported"));
  CHECK(site.psql("select count(*) from users where api_token is null") == "2");
}

TEST_CASE("in a section that keeps, the mark is a value like any other") {
  OneSection site{"database: x121, tables: [roles]"};
  site.psql("update roles set note = '[redacted]' where name = 'artist'");
  site.take();
  site.psql("update roles set note = 'x' where name = 'artist'");
  CHECK(site.restore().succeeded());
  CHECK(site.psql("select note from roles where name = 'artist'") == "[redacted]");
}

TEST_CASE("nothing is read or written through a link that was put in a file's place") {
  OneSection site{"files: [STUDIO/hooks]"};
  site.take();
  const auto victim = site.directory() / "victim";
  write_text(victim, "not for your eyes\n");
  std::filesystem::permissions(victim, std::filesystem::perms{0600});
  const auto hook = site.studio() / "hooks/on_save.py";
  SECTION("the file itself") {
    std::filesystem::remove(hook);
    std::filesystem::create_symlink(victim, hook);
  }
  SECTION("a directory on the way") {
    std::filesystem::create_directory(site.directory() / "elsewhere");
    write_text(site.directory() / "elsewhere/on_save.py", "not for your eyes\n");
    std::filesystem::rename(site.studio() / "hooks", site.studio() / "old");
    std::filesystem::create_directory_symlink(site.directory() / "elsewhere",
                                              site.studio() / "hooks");
  }
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--dry-run"}, {}}) {
    const auto outcome = site.restore(more);
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 11);
    CHECK_THAT(outcome.err, Contains("is a link now, or behind one"));
    CHECK_THAT(outcome.out + outcome.err, !Contains("not for your eyes"));
  }
  CHECK(read_text(victim) == "not for your eyes\n");
  CHECK(mode_of(victim) == std::filesystem::perms{0600});
}

TEST_CASE("a link that is named stands for what it leads to, also when that comes back") {
  OneSection site{"files: [STUDIO/current.env]"};
  std::filesystem::create_symlink(site.studio() / ".env", site.studio() / "current.env");
  site.take();
  write_text(site.studio() / ".env", "changed\n");
  CHECK(site.restore().succeeded());
  CHECK_THAT(read_text(site.studio() / ".env"), Contains("s3cret-word"));
  CHECK(std::filesystem::is_symlink(site.studio() / "current.env"));
}

TEST_CASE("directories that are gone come back as they were") {
  OneSection site{"files: [STUDIO/hooks], exclude: [\"*.pyc\"]"};
  std::filesystem::permissions(site.studio() / "hooks/cache", std::filesystem::perms{0751});
  std::filesystem::permissions(site.studio() / "hooks", std::filesystem::perms{0755});
  site.take();
  std::filesystem::remove_all(site.studio() / "hooks");
  const auto outcome = site.restore();
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
  CHECK(mode_of(site.studio() / "hooks") == std::filesystem::perms{0755});
  CHECK(mode_of(site.studio() / "hooks/cache") == std::filesystem::perms{0751});
  CHECK(read_text(site.studio() / "hooks/cache/x") == "cached");
}

TEST_CASE("redacted files get their secrets back from the file that is there") {
  OneSection site{"files: [STUDIO/secrets], secret: redact"};
  const std::string secrets =
      "NAME=a\nDB_PASS=one\nkey: |\n-----BEGIN PRIVATE KEY-----\nMII\nabc\n"
      "-----END PRIVATE KEY-----\npassword=two\npassword=three\n";
  write_text(site.studio() / "secrets", secrets);
  site.take();
  auto changed = secrets;
  changed.replace(changed.find("NAME=a"), 6, "NAME=b");
  write_text(site.studio() / "secrets", changed);
  const auto outcome = site.restore();
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
  CHECK_THAT(outcome.out, Contains("-NAME=b") && !Contains("three") && !Contains("MII"));
  CHECK(read_text(site.studio() / "secrets") == secrets);
  write_text(site.studio() / "secrets", "NAME=b\n");
  const auto lost = site.restore();
  CHECK(lost.exit_code == 11);
  CHECK_THAT(lost.err, Contains("line 2: its secret was not exported"));
}

TEST_CASE("the bytes of a file that had a secret redacted are what they were") {
  OneSection site{"files: [STUDIO/dos], secret: redact"};
  const std::string with_returns{"a=1\r\npassword=x\r\n\0\r\n\n", 21};
  write_text(site.studio() / "dos", with_returns);
  site.take();
  auto changed = with_returns;
  changed[2] = '2';
  write_text(site.studio() / "dos", changed);
  CHECK(site.restore().succeeded());
  CHECK(read_text(site.studio() / "dos") == with_returns);
}

TEST_CASE("what has a name that is no UTF-8 fails its section alone") {
  ExportingSite site;
  site.must({"init"});
  write_text(site.studio() / "hooks/caf\xe9.py", "x");
  const auto outcome = site.run({"full", "--db", "x121"});
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("caf\\xe9.py") && Contains("no UTF-8"));
  site.must({"verify", "--type", "config"});
}

TEST_CASE("what a user may not take over, and what leads nowhere, is a section's error") {
  ExportingSite site;
  std::filesystem::create_symlink("loop", site.studio() / "hooks/loop");
  site.must({"init"});
  CHECK(site.run({"full", "--db", "x121"}).exit_code == 0);
  std::filesystem::remove_all(site.studio() / "hooks");
  const auto outcome = site.run({"full", "--db", "x121"});
  CHECK(outcome.exit_code == 3);
  CHECK_THAT(outcome.err, Contains("hooks: there is no directory"));
}

TEST_CASE("rows that the export never asked for are not extra, whatever is asked for now") {
  OneSection site{"database: x121, sql: \"select * from roles where name = 'lead'\""};
  site.take();
  site.psql("update roles set note = 'x' where name = 'lead'");
  auto config = read_text(site.config_file());
  const std::string narrow = " where name = 'lead'";
  config.erase(config.find(narrow), narrow.size());
  site.write_config(config);
  const auto outcome = site.restore({"--delete-extra"});
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
  CHECK_THAT(outcome.out, Contains("asks for other rows now"));
  CHECK(site.psql("select string_agg(name || coalesce(note, '-'), ' ' order by name) from roles") ==
        "artistdraws lead-");
}

TEST_CASE("a row that was changed so that nobody asks for it now comes back as it was") {
  OneSection site{"database: x121, sql: \"select * from roles where note is not null\""};
  site.take();
  site.psql("update roles set note = null where name = 'artist'");
  const bool narrower = GENERATE(false, true);
  if (narrower) {
    const std::string all = "where note is not null";
    site.write_config(replaced(read_text(site.config_file()), all, "where name = 'lead'"));
  }
  const auto outcome = site.restore({});
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
  CHECK(site.psql("select note from roles where name = 'artist'") == "draws");
  CHECK(site.psql("select count(*) from roles") == "2");
}

TEST_CASE("a restore that is killed is taken back by the next one") {
  OneSection site{"files: [STUDIO/many]"};
  const auto file = [&](int i) { return site.studio() / "many" / std::to_string(1000 + i); };
  constexpr int files = 800;
  std::filesystem::create_directory(site.studio() / "many");
  for (int i = 0; i < files; ++i) write_text(file(i), "exported\n");
  site.take();
  for (int i = 0; i < files - 1; ++i) write_text(file(i), "now\n");
  std::filesystem::remove(file(files - 1));
  const auto count = [&] {
    int restored = 0;
    for (int i = 0; i < files; ++i)
      restored += std::filesystem::exists(file(i)) && read_text(file(i)) == "exported\n" ? 1 : 0;
    return restored;
  };
  {
    auto running = site.command({"config-restore", "--yes", "studio"}).start();
    REQUIRE(wait_until([&] { return read_text(file(20)) == "exported\n"; }));
    running.signal(SIGKILL);
    running.wait();
  }
  CHECK(count() > 0);
  REQUIRE(count() < files);
  CHECK_THAT(site.run({"check"}).out, Contains("was killed and has left files half restored"));
  // It takes back first, and then does what it was asked: nothing, without the name.
  const auto refused = site.run({"config-restore"});
  CAPTURE(refused);
  CHECK(refused.exit_code == 11);
  CHECK_THAT(refused.err, Contains("files it had written are taken back"));
  CHECK(count() == 0);
  CHECK(site.restore().succeeded());
  CHECK(count() == files);
  CHECK_THAT(site.run({"check"}).out, !Contains("half restored"));
  CHECK(site.cluster().psql("bkp",
                            "select count(*) from bkp.audit_log where action = "
                            "'config-restore.begun'") == "2");
}

TEST_CASE("secrets are not revealed where that is not recorded") {
  ExportingSite site;
  site.must({"init"});
  check_failure(site, {"config-diff", "--reveal", "--dry-run"}, 2, "usage", "--reveal");
  check_failure(site, {"config-restore", "--reveal", "--dry-run"}, 2, "usage", "--reveal");
}
