#include <unistd.h>

#include "config_test.hpp"
#include "util/files.hpp"

namespace bkp::config {

using namespace std::chrono_literals;

TEST_CASE("the smallest file protects everything with the documented defaults") {
  const auto config = parse_text(with_store(""));
  CHECK(config.site == "studio");
  CHECK(config.file.empty());
  CHECK(config.cluster.conninfo.empty());
  CHECK_FALSE(config.cluster.password_file);
  CHECK(config.databases.include == std::vector<std::string>{"*"});
  CHECK(config.databases.exclude.empty());
  CHECK_FALSE(config.catalog.conninfo);
  CHECK(config.catalog.schema == "bkp");
  REQUIRE(config.stores.size() == 1);
  const auto& store = config.stores[0];
  CHECK(store.name == "local");
  CHECK(store.url == "file:///var/backups/bkp");
  CHECK(store.required);
  CHECK_FALSE(store.capacity);
  CHECK(store.line == 3);
  const auto& keep = store.retention;
  CHECK(keep.last == 0);
  CHECK(keep.within == 0s);
  CHECK(keep.hourly == 24);
  CHECK(keep.daily == 30);
  CHECK(keep.weekly == 26);
  CHECK(keep.monthly == 12);
  CHECK(keep.quarterly == 28);
  CHECK(keep.yearly == 0);
  CHECK(config.compression.level == 3);
  CHECK(config.limits.rate == 0);
  CHECK(config.full.method == std::vector<std::string>{"dump"});
  CHECK(config.full.fingerprint == FingerprintMode::full);
  CHECK(config.full.lock_timeout == 30min);
  CHECK(config.full.slow_store_timeout == 10min);
  CHECK(config.verify.database_prefix == "bkp_verify_");
  CHECK(config.verify.sample == 1.0);
  CHECK(config.objectives.rpo == 15min);
  CHECK(config.objectives.window == 30min);
  CHECK(config.status.green == 6h);
  CHECK(config.status.yellow == 24h);
  CHECK(config.status.capacity_alert == 0.8);
  CHECK_FALSE(config.runbook.path);
  CHECK(config.unsupported.empty());
}

TEST_CASE("the whole contract parses; what this version lacks is listed with its line") {
  const auto config = parse_text(source_file("tests/data/contract.yaml"));
  CHECK(config.cluster.conninfo == "host=/var/run/postgresql user=bkp");
  CHECK(config.cluster.password_file == "/etc/bkp/pgpass");
  CHECK(config.cluster.bin_directory == "/usr/lib/postgresql/15/bin");
  CHECK(config.databases.exclude == std::vector<std::string>{"scratch_*"});
  CHECK(config.catalog.conninfo == "host=db2 dbname=bkp user=bkp_writer");
  CHECK(config.catalog.spool_directory == "/var/lib/bkp/spool");
  REQUIRE(config.stores.size() == 2);
  CHECK(config.stores[0].capacity == std::uint64_t{500} << 30U);
  CHECK(config.stores[0].retention.last == 3);
  CHECK(config.stores[0].retention.within == 48h);
  CHECK(config.stores[0].retention.wal == 24h * 14);
  CHECK_FALSE(config.stores[1].required);
  CHECK(config.limits.rate == std::uint64_t{100} << 20U);
  CHECK(config.limits.nice == 10);
  CHECK(config.limits.ionice == bkp::util::IoClass::idle);
  REQUIRE(config.verify.assertions.size() == 1);
  CHECK(config.verify.assertions[0].name == "approved segments exist");
  CHECK(config.verify.assertions[0].database == "x121");
  CHECK(config.verify.assertions[0].expect == "true");
  CHECK(config.runbook.contacts.size() == 1);
  REQUIRE(config.export_sections.size() == 4);
  CHECK(config.export_sections[0].key == std::vector<std::string>{"id"});
  CHECK(config.export_sections[2].server);
  CHECK(config.export_sections[3].secret == SecretMode::seal);
  REQUIRE(config.assets.size() == 1);
  CHECK(config.assets[0].database == "x121");
  CHECK(config.assets[0].root == "/srv/studio/media");
  CHECK(config.assets[0].nightly == 0.1);

  CHECK(config.incremental == Incremental{.full_after = 24h * 7, .max_chain = 168});
  REQUIRE(config.schedules.size() == 1);
  CHECK(config.schedules[0].schedule == "0 2 * * *");
  const std::vector<std::string> missing{"files", "redis"};
  std::vector<std::string> listed;
  for (const auto& key : config.unsupported) listed.push_back(key.key);
  CHECK(listed == missing);
  CHECK(config.asks_for("redis"));
  CHECK_FALSE(config.asks_for("compression"));
  const auto& offsite = config.stores[1].s3;
  CHECK(offsite.endpoint == "https://s3.eu-central-1.example");
  CHECK(offsite.region == "eu-central-1");
  CHECK(offsite.addressing == s3::Addressing::path);
  CHECK(offsite.credentials ==
        s3::CredentialsSource{s3::CredentialsFile{"/etc/bkp/s3.ini", "backup"}});
  CHECK(offsite.ca_file == "/etc/ssl/certs/ca-certificates.crt");
  CHECK(offsite.parallel == 4);
  CHECK(config.encryption.recipients.size() == 1);
  CHECK(config.encryption.identity_files ==
        std::vector<std::filesystem::path>{"/etc/bkp/identity.txt"});
  CHECK(config.signing.key_file == "/etc/bkp/signing.pem");
  CHECK(config.signing.trusted_keys == std::vector<std::filesystem::path>{"/etc/bkp/signing.pub"});
}

TEST_CASE("a key of a later version that says nothing is not asked for") {
  const auto config = parse_text(with_store("redis:\n  # - name: a\nfiles: []\n"));
  CHECK(config.unsupported.empty());
}

TEST_CASE("a full backup may be taken by both methods") {
  const auto config = parse_text(with_store("full: {method: [dump, base]}\n"));
  CHECK(config.unsupported.empty());
  CHECK(config.full.method == std::vector<std::string>{"dump", "base"});
}

TEST_CASE("a section with everything commented out keeps its defaults") {
  const auto config = parse_text(with_store("compression:\n  # level: 9\ncluster: ~\n"));
  CHECK(config.compression.level == 3);
  CHECK(config.cluster.conninfo.empty());
}

TEST_CASE("the archive of the WAL has its settings") {
  const auto wal =
      parse_text(with_store("wal: {push_jobs: 0, fetch_jobs: 64, archive_timeout: 5min}\n")).wal;
  CHECK(wal == Wal{.push_jobs = 0, .fetch_jobs = 64, .archive_timeout = 5min});
  CHECK(parse_text(with_store("")).wal ==
        Wal{.push_jobs = 4, .fetch_jobs = 4, .archive_timeout = 60s});
}

TEST_CASE("incremental backups have their limits") {
  const auto incremental =
      parse_text(with_store("incremental: {full_after: 36h, max_chain: 10000}\n")).incremental;
  CHECK(incremental == Incremental{.full_after = 36h, .max_chain = 10'000});
  CHECK(parse_text(with_store("")).incremental ==
        Incremental{.full_after = 24h * 7, .max_chain = 168});
  CHECK(parse_text(with_store("incremental:\n  # max_chain: 3\n")).incremental == Incremental{});
  CHECK(parse_text(with_store("incremental: {max_chain: 0}\n")).incremental.max_chain == 0);
}

TEST_CASE("databases can be a plain list") {
  CHECK(parse_text(with_store("databases: [x121, 'app_*']\n")).databases.include ==
        std::vector<std::string>{"x121", "app_*"});
  const auto excluded = parse_text(with_store("databases: {exclude: [scratch]}\n")).databases;
  CHECK(excluded.include == std::vector<std::string>{"*"});
  CHECK(excluded.exclude == std::vector<std::string>{"scratch"});
}

TEST_CASE("any database name can be written as a pattern") {
  const std::string name = GENERATE(as<std::string>{}, "-dash", "with space", "brackets[]a]",
                                    "escaped\\[", "caf\xc3\xa9", "[!a-z]*", "quote''s", "#hash");
  const auto config = parse_text(with_store("databases: ['" + name + "']\n"));
  CHECK(config.databases.include.size() == 1);
}

TEST_CASE("anchors, aliases and merge keys work; what stands in the section itself wins") {
  const auto config = parse_text(
      "site: studio\nstores:\n"
      "  - &first\n    name: a\n    url: file:///a\n    retention: &keep {daily: 7, weekly: 5}\n"
      "  - <<: *first\n    name: b\n    url: file:///b\n    retention:\n      <<: [*keep, {last: "
      "9, daily: 1}]\n"
      "      weekly: 1\n");
  REQUIRE(config.stores.size() == 2);
  CHECK(config.stores[1].name == "b");
  CHECK(config.stores[1].retention.daily == 7);
  CHECK(config.stores[1].retention.weekly == 1);
  CHECK(config.stores[1].retention.last == 9);
  CHECK(config.stores[1].retention.monthly == 12);
}

TEST_CASE("a byte order mark and Windows line ends do no harm") {
  const auto config =
      parse_text("\xef\xbb\xbfsite: studio\r\nstores:\r\n- {name: a, url: 'file:///a'}\r\n");
  CHECK(config.stores[0].url == "file:///a");
}

TEST_CASE("a store of every kind is accepted") {
  const auto url =
      GENERATE(as<std::string>{}, "s3://bucket", "s3://bucket/prefix", "sftp://user@host/path");
  const auto config = parse_text("site: studio\nstores: [{name: a, url: '" + url + "'}]\n");
  CHECK(config.unsupported.empty());
  CHECK(config.stores.at(0).url == url);
}

TEST_CASE("directories of bkp itself follow the user") {
  const auto config = parse_text(with_store(""));
  const bool system = ::geteuid() == 0 || ::access("/var/lib/bkp/spool", W_OK) == 0;
  CHECK(config.catalog.spool_directory ==
        (system ? "/var/lib/bkp/spool" : "/home/somebody/.local/state/bkp/spool"));
}

TEST_CASE("PGPASSFILE stands in for a password file that is not named") {
  FakeRunner processes;
  const util::Environment environment{{{"PGPASSFILE", "/home/a/pass"}}};
  const auto yaml = with_store("catalog: {conninfo: host=db2}\n");
  auto config = parse(yaml, "bkp.yaml", environment, processes);
  CHECK(config.cluster.password_file == "/home/a/pass");
  CHECK(config.catalog.password_file == "/home/a/pass");
  config =
      parse(with_store("cluster: {password_file: /etc/p}\n"), "bkp.yaml", environment, processes);
  CHECK(config.cluster.password_file == "/etc/p");
}

TEST_CASE("a store out of a command's options") {
  CHECK(store_of_options("file:///mnt/rescue", "studio").url == "file:///mnt/rescue");
  CHECK_THROWS_AS(store_of_options("file:///mnt", "Studio"), util::Error);
  try {
    store_of_options("file://mnt/rescue", "studio");
    FAIL("accepted");
  } catch (const util::Error& error) {
    CHECK(error.kind() == util::ErrorKind::usage);
    CHECK(error.message() == "--store \"file://mnt/rescue\" names a host or a relative path");
    CHECK(error.hint() == "a path has three slashes: file:///mnt/rescue");
  }
}

TEST_CASE(
    "texts of a procedure are paragraphs, however they are written, and commands keep their "
    "lines") {
  const auto config = parse_text(with_store(
      "runbook:\n  procedures:\n    - title: >\n        Redis\n      steps:\n"
      "        - text: |\n            one\n            two\n"
      "          command: |\n            cat <<-END\n            \tx\n            END\n\n"));
  REQUIRE(config.runbook.procedures.size() == 1);
  const auto& procedure = config.runbook.procedures.front();
  CHECK(procedure.title == "Redis");
  CHECK(procedure.when == "Redis");
  CHECK(procedure.steps.at(0).text == "one two");
  CHECK(procedure.steps.at(0).command == "cat <<-END\n\tx\nEND");
}

TEST_CASE("the explained settings parse to the same settings") {
  const std::string yaml = GENERATE(
      as<std::string>{}, with_store(""), source_file("tests/data/contract.yaml"),
      with_store("    capacity: 1000\n    retention: {within: 90s, wal: 2h30min, yearly: 3}\n"
                 "databases: [\"a\\\"b\\\\\\\\c\", \"l\\nb\", \"# no\"]\n"
                 "limits: {rate: 1500kB/s, ionice: best-effort}\nfull: {fingerprint: none}\n"
                 "wal: {push_jobs: 0, fetch_jobs: 64, archive_timeout: 90s}\n"
                 "incremental: {full_after: 36h, max_chain: 0}\n"
                 "verify:\n  sample: 33.3%\n  assertions:\n"
                 "    - {name: 'a: b', database: x, sql: \"select 1\\n -- 'c'\", expect: '>= 10'}\n"
                 "    - {name: z, database: '-', sql: select true}\n"
                 "catalog: {conninfo: \"host=db2 dbname='a b'\"}\nrunbook: {path: /r, contacts: "
                 "[\"+49: x\"]}\n"),
      with_store("schedules: []\n"),
      with_store("runbook:\n  procedures:\n    - {title: \"a: b\", when: c, steps: [{text: t},"
                 " {command: \"x\\ny '\\\"'\", as: root}, {text: t, command: z}]}\n"
                 "    - {title: d, steps: [{command: e}]}\n"),
      with_store("schedules: [{command: \"full --db 'a b'\", schedule: '@daily', time_zone: "
                 "Europe/Berlin,\n  destination: local, jitter: 5min, catch_up: 90s, enabled: "
                 "false}]\n"));
  auto config = parse_text(yaml);
  auto again = parse_text(explain(config));
  for (auto* one : {&config, &again}) {
    one->unsupported.clear();
    for (auto& store : one->stores) store.line = 0;
    for (auto& assertion : one->verify.assertions) assertion.line = 0;
    for (auto& schedule : one->schedules) schedule.line = 0;
    for (auto& section : one->export_sections) section.line = 0;
    for (auto& section : one->assets) section.line = 0;
    for (auto& channel : one->notify.channels) channel.line = 0;
  }
  CHECK(again == config);
}

TEST_CASE("explained settings show what has no effect, and no password") {
  FakeRunner processes;
  processes.outputs["pass"] = "postgresql://bkp:hunter2@db2/bkp\n";
  const auto config =
      parse(with_store("redis: [{name: a}]\ncluster: {conninfo: {command: [pass]}}\n"), "bkp.yaml",
            test_environment(), processes);
  const auto text = explain(config);
  CHECK(text.find("hunter2") == text.npos);
  CHECK(text.find("conninfo: \"dbname=bkp host=db2 user=bkp\"") != text.npos);
  CHECK(text.find("a password, not shown") != text.npos);
  CHECK(text.find("line 5: redis") != text.npos);
}

TEST_CASE("where no server is talked to, connection strings and their secrets are left alone") {
  FakeRunner processes;
  const auto yaml = with_store(
      "cluster: {conninfo: \"nonsense without a sign\", data_directory: /data}\n"
      "catalog: {conninfo: {command: [pass]}}\n");
  const auto config = parse(yaml, "bkp.yaml", test_environment(), processes, Connections::left_out);
  CHECK(config.cluster.conninfo.empty());
  CHECK(config.cluster.data_directory == "/data");
  CHECK_FALSE(config.catalog.conninfo);
  CHECK(processes.started.empty());
}

TEST_CASE("nothing needs no unit, where nothing is allowed") {
  const std::string stores = "site: s\nstores: [{name: a, url: file:///a}]\n";
  CHECK(parse_text(stores + "full: {lock_timeout: 0}\n").full.lock_timeout == 0s);
  CHECK(parse_text(stores + "full: {lock_timeout: 90s}\n").full.lock_timeout == 90s);
  CHECK_THROWS(parse_text(stores + "full: {lock_timeout: 90}\n"));
  CHECK(parse_text(stores + "full: {slow_store_timeout: 2h}\n").full.slow_store_timeout == 2h);
  CHECK_THROWS(parse_text(stores + "objectives: {rpo: 0}\n"));
}

}  // namespace bkp::config
