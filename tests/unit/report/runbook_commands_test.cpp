#include "report/runbook_commands.hpp"
#include "report/command_text.hpp"
#include "report/runbook_remote.hpp"

#include <catch2/catch.hpp>

#include "backup/databases.hpp"
#include "sample_model.hpp"
#include "support/program.hpp"

namespace bkp::report {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

// What a shell makes of one word.
std::string through_shell(const std::string& word) {
  return test::output_of(test::Program{{"bash", "-c", "printf %s " + word}});
}

DatabaseCommands commands_of(const RunbookModel& model, std::size_t index = 0) {
  return database_commands(model, *model.databases[index].newest);
}

}  // namespace

TEST_CASE("a shell reads a quoted word back as it was") {
  const std::string text =
      GENERATE(as<std::string>{}, "plain", "two words", "it's", "a\nb", "\x1b[2J", "caf\xe9",
               "back\\slash'\x07", "\xe2\x80\xaetxt", "$(id) `id` $HOME", "-rf", "\xff\n'\n");
  const auto word = shell_word(text);
  CAPTURE(word);
  CHECK(through_shell(word) == text);
}

TEST_CASE("what a word shows is what it does: no control or direction characters in it") {
  CHECK(shell_word("\x1b[2J") == "$'\\x1b[2J'");
  CHECK(shell_word("\xe2\x80\xae") == "$'\\xe2\\x80\\xae'");
}

TEST_CASE("SQL literals use dollar quotes unless the text could end them") {
  CHECK(sql_literal("it's") == "$$it's$$");
  CHECK(sql_literal("a$$; drop") == "'a$$; drop'");
  CHECK(sql_literal("a$'b") == "'a$''b'");
  CHECK(sql_identifier("we\"ird") == "\"we\"\"ird\"");
}

TEST_CASE("a restore beside names backup, database and target") {
  CHECK(commands_of(test::sample_model()).restore_beside ==
        "bkp restore 20261121T020000Z-full-studio --db studio --into studio_restored");
}

TEST_CASE("names made of a long name are as PostgreSQL keeps them, and differ") {
  auto model = test::sample_model();
  model.databases[0].newest->manifest.database.name = std::string(63, 'a');
  const auto commands = commands_of(model);
  CHECK(commands.restored_name == std::string(54, 'a') + "_restored");
  CHECK(commands.old_name == std::string(55, 'a') + "_damaged");
  CHECK(commands.stock_name == std::string(55, 'a') + "_by_hand");
}

TEST_CASE("on a fresh cluster the database postgres is there already and is swapped") {
  auto model = test::sample_model();
  CHECK_THAT(commands_of(model).restore_as_was,
             Catch::Matchers::EndsWith("--db studio --into studio"));
  model.databases[0].newest->manifest.database.name = "postgres";
  CHECK_THAT(commands_of(model).restore_as_was, Catch::Matchers::EndsWith("--swap --yes postgres"));
}

TEST_CASE("a configuration in another place is named by every bkp command") {
  auto model = test::sample_model();
  model.config_file = "/srv/my site/bkp.yaml";
  CHECK_THAT(commands_of(model).restore_beside, Contains(" --config '/srv/my site/bkp.yaml'"));
  CHECK(cluster_commands(model).init == "bkp init --config '/srv/my site/bkp.yaml'");
}

TEST_CASE("the stock way names the true files of the only store, a directory") {
  auto model = test::sample_model();
  model.databases[0].newest->stores = {"local"};
  const std::string directory = "/var/backups/bkp/studio/backups/20261121T020000Z-full-studio";
  const auto commands = commands_of(model);
  CHECK(commands.stock_sums == "cd " + directory + " && sha256sum -c <<'SUMS'\n" +
                                   std::string(64, 'b') + "  dump.pgc.zst\n" +
                                   std::string(64, 'd') + "  globals.sql.zst\nSUMS");
  CHECK_THAT(commands.stock_restore, StartsWith("zstd -dc -- " + directory + "/dump.pgc.zst"));
  CHECK_THAT(cluster_commands(model).globals,
             StartsWith("zstd -dc -- " + directory + "/globals.sql.zst"));
  CHECK(commands.stock_fetch.fetches.empty());
}

TEST_CASE("the files of a backup come from any of its stores to where the commands expect them") {
  auto model = test::sample_model();
  auto& store = model.stores[1];
  const std::string label = "20261121T020000Z-full-studio";
  const std::string directory = "/var/lib/bkp/scratch/fetched/" + label;
  const std::string fresh =
      "test ! -L " + directory + " || rm -- " + directory + "; mkdir -p -- " + directory + " && ";
  CHECK_THAT(commands_of(model).stock_restore,
             StartsWith("zstd -dc -- " + directory + "/dump.pgc.zst"));
  CHECK_THAT(cluster_commands(model).globals,
             StartsWith("zstd -dc -- " + directory + "/globals.sql.zst"));
  const auto fetch = [&](std::size_t index) {
    const auto commands = commands_of(model).stock_fetch;
    CHECK(commands.directory == directory);
    REQUIRE(commands.fetches.size() == 2);
    CHECK(commands.fetches[0].store == "local");
    CHECK(commands.fetches[1].store == "vault");
    return commands.fetches[index].command;
  };
  CHECK(fetch(0) ==
        "mkdir -p -- /var/lib/bkp/scratch/fetched && ln -sfnT -- "
        "/var/backups/bkp/studio/backups/" +
            label + " \\\n  " + directory);
  SECTION("from a bucket, with the credentials that the configuration names") {
    store.url = "S3://bucket/my prefix/";
    store.s3.endpoint = "https://s3.example:9000";
    store.s3.region = "eu";
    store.s3.ca_file = "/etc/bkp/my ca.pem";
    CHECK(fetch(1) == fresh +
                          "aws --endpoint-url https://s3.example:9000 --region eu --ca-bundle "
                          "'/etc/bkp/my ca.pem' s3 cp --recursive --only-show-errors \\\n  "
                          "'s3://bucket/my prefix/studio/backups/" +
                          label + "' " + directory);
    store.s3.credentials = s3::CredentialsFile{"/etc/bkp/s3.ini", "backup"};
    CHECK_THAT(fetch(1), Contains(" && AWS_SHARED_CREDENTIALS_FILE=/etc/bkp/s3.ini "
                                  "AWS_PROFILE=backup aws --endpoint"));
    store.url = "s3://bucket/prefix";
    store.s3.addressing = s3::Addressing::virtual_host;
    CHECK_THAT(store_commands(model, model.stores[0], store).restore_alone,
               StartsWith("AWS_SHARED_CREDENTIALS_FILE=/etc/bkp/s3.ini AWS_PROFILE=backup bkp") &&
                   EndsWith("--store s3://bucket/prefix --site studio --endpoint "
                            "https://s3.example:9000 --region eu --ca-file '/etc/bkp/my ca.pem' "
                            "--addressing virtual"));
    CHECK_THAT(cluster_commands(model).packages, Contains(" awscli"));
  }
  SECTION("from a host") {
    store.url = "sftp://bkp@vault.example:2222/srv/my%20bkp";
    store.sftp = {"/etc/bkp/ssh key", "/etc/bkp/50% known"};
    CHECK(fetch(1) == fresh +
                          "sftp -b - -P 2222 -i '/etc/bkp/ssh key' -o "
                          "'UserKnownHostsFile=\"/etc/bkp/50%% known\"' bkp@vault.example "
                          "<<'GET'\nget -r \"/srv/my bkp/studio/backups/" +
                          label + "\" \"/var/lib/bkp/scratch/fetched\"\nGET");
    CHECK_THAT(store_commands(model, model.stores[0], store).restore_alone,
               EndsWith("--store sftp://bkp@vault.example:2222/srv/my%20bkp --site studio "
                        "--ssh-key '/etc/bkp/ssh key' --known-hosts '/etc/bkp/50% known'"));
    CHECK(cluster_commands(model).host_keys.empty());
    store.host_key_lines = "[vault.example]:2222 ssh-ed25519 AAAA\n";
    CHECK(cluster_commands(model).host_keys ==
          std::vector<std::string>{"mkdir -p -- /etc/bkp && cat >> '/etc/bkp/50% known' "
                                   "<<'HOST_KEYS'\n" +
                                   store.host_key_lines + "HOST_KEYS"});
    store.sftp.known_hosts_file.reset();
    CHECK_THAT(cluster_commands(model).host_keys[0],
               StartsWith("mkdir -p -m 0700 ~/.ssh && cat >> ~/.ssh/known_hosts <<"));
    store.url = "sftp://bkp@[::1]/srv";
    CHECK_THAT(fetch(1), Contains(" 'bkp@[::1]' <<") && !Contains("-P"));
  }
}

TEST_CASE("what opens a store is said in words") {
  RunbookStore store{"offsite", "s3://bucket", true, {}};
  CHECK_THAT(credentials_text(store), Contains("AWS_ACCESS_KEY_ID"));
  store.s3.credentials = s3::CredentialsFile{"/etc/bkp/s3.ini", "backup"};
  CHECK(credentials_text(store) == "profile backup of /etc/bkp/s3.ini");
  store.s3.credentials = s3::CredentialsCommand{{"give-keys", "--now"}};
  CHECK_THAT(credentials_text(store), StartsWith("what give-keys --now prints"));
  store.s3.credentials = s3::CredentialsInstance{};
  CHECK_THAT(credentials_text(store), StartsWith("the role of the machine"));
  store.url = "sftp://u@h/p";
  CHECK(credentials_text(store) == "an SSH agent");
  store.sftp.key_file = "/etc/bkp/id";
  CHECK(credentials_text(store) == "the SSH key /etc/bkp/id");
  store.url = "file:///mnt";
  CHECK(credentials_text(store) == "the rights of the file system");
}

TEST_CASE("stores that were lost with the host are filled from the others, where there are any") {
  auto model = test::sample_model();
  CHECK(cluster_commands(model).fill_stores ==
        std::vector<std::string>{"bkp copy --to local", "bkp copy --to vault"});
  model.stores.pop_back();
  CHECK(cluster_commands(model).fill_stores.empty());
}

TEST_CASE("directories are made before those in them") {
  auto model = test::sample_model();
  model.own_directories = {"/var/lib/bkp/spool", "/var/lib/bkp", "/var/lib/bkp/spool"};
  CHECK_THAT(cluster_commands(model).give_places,
             StartsWith("for d in /etc/bkp /var/lib/bkp /var/lib/bkp/spool; do\n"));
}

TEST_CASE("the stores are tied to a new cluster by one command, whatever they are") {
  const auto model = test::sample_model();
  CHECK(cluster_commands(model).take_over == "bkp init --take-over --yes studio");
}

TEST_CASE("an uncompressed part needs no zstd") {
  auto model = test::sample_model();
  model.databases[0].newest->manifest.parts[0].compression = "none";
  CHECK_THAT(commands_of(model).stock_restore, StartsWith("cat -- /var/lib/bkp/scratch/fetched/"));
}

TEST_CASE("the empty database is made like the original") {
  auto model = test::sample_model();
  CHECK_THAT(commands_of(model).stock_create,
             Contains("--template=template0") && Contains("--encoding=UTF8") &&
                 Contains("--lc-collate=C.UTF-8") && !Contains("locale-provider"));
  auto& original = model.databases[0].newest->manifest.database;
  original.locale_provider = "icu";
  original.icu_locale = "de-DE";
  CHECK_THAT(commands_of(model).stock_create,
             Contains("--locale-provider=icu") && Contains("--icu-locale=de-DE"));
}

TEST_CASE("the superuser comes over the socket on the host, over TCP with a password elsewhere") {
  auto model = test::sample_model();
  CHECK_THAT(commands_of(model).stop_writes, StartsWith("runuser -u postgres -- psql "));
  model.cluster = pg::Conninfo::parse("host=db2 port=5433 user=bkp");
  CHECK_THAT(commands_of(model).stop_writes,
             StartsWith("psql ") && Contains("host=db2") && Contains("user=postgres"));
}

TEST_CASE("a role that is superuser already is neither raised nor lowered") {
  auto model = test::sample_model();
  CHECK_THAT(cluster_commands(model).grant_superuser, Contains("ALTER ROLE \"bkp\" SUPERUSER"));
  model.role_is_superuser = true;
  CHECK(cluster_commands(model).grant_superuser.empty());
  CHECK(cluster_commands(model).revoke_superuser.empty());
  // Not known: it may need the right, and may have had it.
  model.role_is_superuser.reset();
  CHECK_FALSE(cluster_commands(model).grant_superuser.empty());
  CHECK(cluster_commands(model).revoke_superuser.empty());
}

TEST_CASE("the row check covers the largest tables with the backup's counts") {
  const auto commands = commands_of(test::sample_model());
  CHECK_THAT(commands.count_restored,
             Contains("count(*) = 120000 FROM ONLY \"public\".\"segments\"") &&
                 Contains("\"workflow\".\"runs\""));
  CHECK(commands.table == "public.segments");
}

TEST_CASE("without a fingerprint there is no row check and no table example") {
  auto model = test::sample_model();
  model.databases[0].newest->manifest.fingerprint.reset();
  CHECK(commands_of(model).count_restored.empty());
  CHECK(commands_of(model).table.empty());
}

TEST_CASE("a lost store is filled from another one, and its backups can be restored without it") {
  const auto model = test::sample_model();
  const auto commands = store_commands(model, model.stores[0], model.stores[1]);
  CHECK_THAT(commands.copy, Contains("copy --to local"));
  CHECK_THAT(commands.restore_alone,
             Contains("--store file:///mnt/vault --site studio") && !Contains("--identity"));
  CHECK_THAT(commands.restore_from_other,
             Contains("--db studio --into studio_restored --store vault"));
}

TEST_CASE("what is sealed and signed comes with its keys") {
  auto model = test::sample_model();
  model.identity_files = {"/etc/bkp/identity.txt"};
  model.public_keys = {{"/etc/bkp/signing-trusted.pub",
                        "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n"}};
  for (auto& part : model.databases[0].newest->manifest.parts) {
    part.name += ".age";
    part.encryption = "age";
  }
  const auto commands = commands_of(model);
  CHECK_THAT(commands.stock_restore, Contains("age -d -i /etc/bkp/identity.txt ") &&
                                         Contains("dump.pgc.zst.age") &&
                                         Contains("| zstd -dc \\\n  | pg_restore"));
  CHECK_THAT(commands.stock_signature, Contains("MCow") &&
                                           Contains("openssl pkeyutl -verify -pubin") &&
                                           Contains("manifest.json.sig"));
  CHECK_THAT(cluster_commands(model).packages, Contains(" zstd age"));
  CHECK_THAT(store_commands(model, model.stores[0], model.stores[1]).restore_alone,
             Contains("--identity /etc/bkp/identity.txt --trusted-key ~/bkp-signing-1.pub"));
  const auto other = [&] {
    return store_commands(model, model.stores[0], model.stores[1]).restore_from_other;
  };
  // The configuration of a host that only takes backups names no identity.
  for (const auto& command :
       {commands.restore_beside, commands.swap, commands.restore_table_only, other()}) {
    CHECK_THAT(command, EndsWith(" \\\n  --identity /etc/bkp/identity.txt"));
  }
  CHECK_THAT(cluster_commands(model).public_keys,
             StartsWith("mkdir -p -- /etc/bkp &&\ncat > /etc/bkp/signing-trusted.pub "
                        "<<'PUBLIC_KEY' &&\n-----BEGIN") &&
                 Contains("MCow"));
  model.identity_configured = true;
  CHECK_THAT(commands_of(model).restore_beside, !Contains("--identity"));
  CHECK_THAT(other(), !Contains("--identity"));
}

TEST_CASE("after a rotation all keys are named") {
  auto model = test::sample_model();
  model.identity_files = {"/k/new", "/k/old"};
  model.public_keys = {{"/k/new.pub", "new\n"}, {"/k/old.pub", "old\n"}};
  for (auto& part : model.databases[0].newest->manifest.parts) part.encryption = "age";
  const auto commands = commands_of(model);
  CHECK_THAT(commands.stock_restore, StartsWith("age -d -i /k/new -i /k/old "));
  CHECK_THAT(commands.stock_signature,
             Contains("for key in ~/bkp-signing-1.pub ~/bkp-signing-2.pub; do\n") &&
                 Contains("-inkey \"$key\"") && EndsWith(" && break\ndone"));
  CHECK_THAT(commands.restore_beside, EndsWith(" --identity /k/new --identity /k/old"));
  CHECK_THAT(store_commands(model, model.stores[0], model.stores[1]).restore_alone,
             EndsWith("--identity /k/new --identity /k/old --trusted-key ~/bkp-signing-1.pub "
                      "--trusted-key ~/bkp-signing-2.pub"));
}

TEST_CASE("the configuration's text cannot end the command that writes it") {
  auto model = test::sample_model();
  model.config_text = "site: x\nEND_OF_CONFIGURATION\ntouch /tmp/harm\n";
  const auto command = cluster_commands(model).write_config;
  CHECK_THAT(command,
             Contains("<<'END_OF_CONFIGURATION_'\n") && EndsWith("\nEND_OF_CONFIGURATION_"));
}

TEST_CASE("hostile names stay one argument each") {
  const auto model = test::hostile_model();
  const auto index = GENERATE(0U, 1U, 2U, 3U);
  const auto commands = commands_of(model, index);
  const auto& name = model.databases[index].name;
  // A function in place of bkp shows the arguments the shell hands over, each ended by a zero byte.
  const auto arguments = test::output_of(test::Program{
      {"bash", "-c", "bkp() { printf '%s\\0' \"$@\"; }\n" + commands.restore_beside}});
  std::string expected;
  for (const auto& word :
       std::vector<std::string>{"restore", "20261121T020000Z-full-studio", "--db", name, "--into",
                                backup::name_with_suffix(name, "_restored")}) {
    expected += word + '\0';
  }
  CHECK(arguments == expected);
}

TEST_CASE("a manifest cannot smuggle a command into the list of sums") {
  const auto commands = commands_of(test::hostile_model());
  CHECK_THAT(commands.stock_sums, !Contains("touch"));
}

}  // namespace bkp::report

TEST_CASE("a long command is broken between arguments, never inside one") {
  const std::string option = "--option 'a long value, with spaces in it, kept whole'";
  CHECK(bkp::report::wrapped("short command") == "short command");
  CHECK(bkp::report::wrapped("program " + option + " " + option + " rest") ==
        "program " + option + " \\\n    " + option + " rest");
  const std::string quoted = "psql -c 'select 1 /* " + std::string(90, 'x') + " */\n from t'";
  CHECK(bkp::report::wrapped(quoted) == "psql \\\n    " + quoted.substr(5));
  const std::string here =
      "cat -c <<'E'\n" + std::string(60, 'x') + " " + std::string(60, 'y') + "\nE";
  CHECK(bkp::report::wrapped(here) == here);
}
