#include "config_test.hpp"

namespace bkp::config {

namespace {

struct Case {
  std::string yaml;
  std::string message;  ///< whole
  std::string hint;     ///< a part
};

void check(const Case& expected) {
  const auto error = parse_error(expected.yaml);
  INFO(expected.yaml);
  CHECK(error.kind() == util::ErrorKind::config);
  CHECK(error.exit_code() == 4);
  CHECK(error.message() == expected.message);
  CHECK_THAT(error.hint(), Catch::Contains(expected.hint));
  CHECK_FALSE(error.hint().empty());
}

}  // namespace

namespace {

std::string with_s3(const std::string& line) {
  return "site: studio\nstores:\n  - name: offsite\n    url: s3://bucket\n    " + line + "\n";
}

}  // namespace

TEST_CASE("a file that is no configuration at all") {
  check(GENERATE(values<Case>({
      {"", "bkp.yaml: the file is empty", "`site` and `stores`"},
      {"# nothing\n", "bkp.yaml: the file is empty", "`site` and `stores`"},
      {"---\n", "bkp.yaml: the file is empty", "`site` and `stores`"},
      {"- a\n", "bkp.yaml:1: the file holds a list instead of keys and values", "site: studio"},
      {"hello\n", "bkp.yaml:1: the file holds a single value instead of keys and values",
       "site: studio"},
      {"site: a\n---\nsite: b\n", "bkp.yaml:2: there is more than one YAML document here",
       "one document per file"},
      {", site: studio\n", "bkp.yaml:1: this is not valid YAML: nothing begins like this",
       "brackets"},
      {"site: a\nb: \xff\n", "bkp.yaml:2: this is not valid UTF-8", "UTF-8"},
      {"site: a\nstores: [] \x04\nb: 1\n", "bkp.yaml:2: a control character (0x04)", "remove it"},
      {"site: studio\nstores: []\n", "bkp.yaml:2: stores is empty: backups need a place",
       "file:///var/backups/bkp"},
      {"site: studio\n", "bkp.yaml:1: stores is missing", "add at least one"},
      {"stores: [{name: a, url: 'file:///a'}]\n", "bkp.yaml:1: site is missing", "site: studio"},
  })));
}

TEST_CASE("what is no YAML names its line") {
  const auto error = parse_error("site: studio\nstores: [\n  {name: a\n");
  CHECK_THAT(error.message(),
             Catch::StartsWith("bkp.yaml:") && Catch::Contains(": this is not valid YAML: "));
  CHECK_THAT(error.hint(), Catch::Contains("brackets"));
}

TEST_CASE("indentation with tabs is explained") {
  const auto error = parse_error("site: studio\ncluster:\n\tconninfo: x\n");
  CHECK_THAT(error.message(), Catch::StartsWith("bkp.yaml:3: "));
  CHECK_THAT(error.hint(), Catch::Contains("spaces"));
}

TEST_CASE("an unknown key names itself, its line and the nearest known key") {
  check(GENERATE(values<Case>({
      {"sites: studio\n", "bkp.yaml:1: unknown key \"sites\" at the top level",
       "did you mean \"site\"?"},
      {with_store("    retantion: {daily: 3}\n"),
       "bkp.yaml:5: unknown key \"retantion\" in stores[0]", "did you mean \"retention\"?"},
      {with_store("    retention:\n      dayly: 3\n"),
       "bkp.yaml:6: unknown key \"dayly\" in stores[0].retention", "did you mean \"daily\"?"},
      {with_store("full:\n  level: 3\n"), "bkp.yaml:6: unknown key \"level\" in full",
       "\"level\" belongs in compression"},
      {with_store("recover:\n  xyzzy: 3\n"), "bkp.yaml:6: unknown key \"xyzzy\" in recover",
       "the keys known here are scratch_directory"},
      {with_store("encryption:\n  recipient: [x]\n"),
       "bkp.yaml:6: unknown key \"recipient\" in encryption", "did you mean \"recipients\"?"},
      {with_store("notify:\n  channels:\n    - name: a\n      slack: {urlfile: /x}\n"),
       "bkp.yaml:8: unknown key \"urlfile\" in notify.channels[0].slack",
       "did you mean \"url_file\"?"},
      {with_store("verify:\n  assertions:\n    - {name: a, database: b, sql: c, expected: 1}\n"),
       "bkp.yaml:7: unknown key \"expected\" in verify.assertions[0]", "did you mean \"expect\"?"},
      {with_store("\"a\\nb\\e[31m\": 1\n"),
       "bkp.yaml:5: unknown key \"a\\x0ab\\x1b[31m\" at the top level", "known here are site"},
      {with_store("? [a]\n: 1\n"), "bkp.yaml:5: a key at the top level is a list, not a name",
       "name: value"},
  })));
}

TEST_CASE("a key given twice") {
  check(GENERATE(values<Case>({
      {with_store("full: {}\nfull: {}\n"),
       "bkp.yaml:6: the key \"full\" is given twice at the top level", "remove one"},
      {with_store("limits:\n  nice: 1\n  nice: 2\n"),
       "bkp.yaml:7: the key \"nice\" is given twice in limits", "remove one"},
  })));
}

TEST_CASE("wrong types") {
  check(GENERATE(values<Case>({
      {with_store("compression: 3\n"),
       "bkp.yaml:5: compression must be a section with keys, not a single value", "level, threads"},
      {with_store("compression: [3]\n"),
       "bkp.yaml:5: compression must be a section with keys, not a list", "level"},
      {with_store("compression: {level: high}\n"),
       "bkp.yaml:5: compression.level must be a whole number, not \"high\"", "whole number"},
      {with_store("compression: {level: 3.5}\n"),
       "bkp.yaml:5: compression.level must be a whole number, not \"3.5\"", "whole number"},
      {with_store("compression: {level: [3]}\n"),
       "bkp.yaml:5: compression.level must be a whole number, not a list", "whole number"},
      {with_store("compression:\n  level:\n  threads: 0\n"),
       "bkp.yaml:6: compression.level has no value", "remove the key"},
      {with_store("limits: {nice: -5}\n"),
       "bkp.yaml:5: limits.nice must be a whole number, not \"-5\"", "without sign"},
      {with_store("limits: {connections: 99999999999999999999}\n"),
       "bkp.yaml:5: limits.connections must be a whole number, not \"99999999999999999999\"",
       "whole number"},
      {with_store("full: {config_export: yes}\n"),
       "bkp.yaml:5: full.config_export must be true or false, not \"yes\"", "true or false"},
      {with_store("full: {method: dump}\n"),
       "bkp.yaml:5: full.method must be a list, not a single value", "[a, b]"},
      {with_store("databases: x121\n"), "bkp.yaml:5: databases must be a list, not a single value",
       "[a, b]"},
      {with_store("databases: [[a]]\n"), "bkp.yaml:5: databases[0] must be a text, not a list",
       "one text"},
      {with_store("databases: [a, ]\nfull: {method: [~]}\n"),
       "bkp.yaml:6: full.method[0] has no value", "remove the key"},
      {"site: [studio]\nstores: []\n", "bkp.yaml:1: site must be a text, not a list", "one text"},
      {"site: studio\nstores: {name: a, url: 'file:///a'}\n",
       "bkp.yaml:2: stores must be a list of sections, not a section", "\"- \""},
      {"site: studio\nstores: [a]\n",
       "bkp.yaml:2: stores[0] must be a section with keys, not a single value", "name, url"},
      {"site: studio\nstores:\n  - ~\n", "bkp.yaml:3: stores[0] is empty", "remove the \"-\""},
      {with_store("runbook: {path: !env HOME}\n"),
       "bkp.yaml:5: runbook.path has the tag \"!env\", which has no meaning here", "{env: NAME}"},
      {with_store("x: &a\n  <<: *a\n"), "bkp.yaml:5: unknown key \"x\" at the top level",
       "known here"},
      {with_store("cluster: &a\n  <<: *a\n"), "bkp.yaml:5: a merged section contains itself",
       "remove"},
      {with_store("full: {<<: 3}\n"),
       "bkp.yaml:5: \"<<\" wants a section to merge, not a single value", "<<: *defaults"},
      {with_store("encryption: {recipients: age1x}\n"),
       "bkp.yaml:5: encryption.recipients must be a list, not a single value", "[a, b]"},
      {with_store("schedules: {command: full}\n"),
       "bkp.yaml:5: schedules must be a list of sections, not a section", "\"- \""},
  })));
}

TEST_CASE("units, ranges and choices") {
  check(GENERATE(values<Case>({
      {with_store("objectives: {rpo: 15}\n"),
       "bkp.yaml:5: objectives.rpo must be a duration, not \"15\"", "15min"},
      {with_store("objectives: {rpo: 15 minutes}\n"),
       "bkp.yaml:5: objectives.rpo must be a duration, not \"15 minutes\"", "15min"},
      {with_store("objectives: {rto: 0s}\n"), "bkp.yaml:5: objectives.rto must be more than 0",
       "15min"},
      {with_store("    capacity: 500GiBi\n"),
       "bkp.yaml:5: stores[0].capacity must be a size, not \"500GiBi\"", "1GiB"},
      {with_store("    capacity: -1GiB\n"),
       "bkp.yaml:5: stores[0].capacity must be a size, not \"-1GiB\"", "1GiB"},
      {with_store("    capacity: 0\n"), "bkp.yaml:5: stores[0].capacity must be more than 0",
       "file system"},
      {with_store("limits: {rate: 100MiB}\n"),
       "bkp.yaml:5: limits.rate must be a rate, not \"100MiB\"", "100MiB/s"},
      {with_store("limits: {rate: 0MiB/s}\n"), "bkp.yaml:5: limits.rate must be more than 0",
       "no limit"},
      {with_store("status: {capacity_alert: 0.8}\n"),
       "bkp.yaml:5: status.capacity_alert must be a share, not \"0.8\"", "100%"},
      {with_store("status: {capacity_alert: 120%}\n"),
       "bkp.yaml:5: status.capacity_alert must be a share, not \"120%\"", "100%"},
      {with_store("verify: {sample: 0%}\n"), "bkp.yaml:5: verify.sample must be more than 0%",
       "100%"},
      {with_store("compression: {level: 20}\n"),
       "bkp.yaml:5: compression.level must be between 0 and 19, not 20", "default is 3"},
      {with_store("limits: {connections: 0}\n"),
       "bkp.yaml:5: limits.connections must be between 1 and 1000, not 0", "default is 4"},
      {with_store("limits: {ionice: realtime}\n"),
       "bkp.yaml:5: limits.ionice must not be \"realtime\"", "none, best-effort, idle"},
      {with_store("full: {method: [pages]}\n"), "bkp.yaml:5: full.method[0] must not be \"pages\"",
       "dump, base"},
      {with_store("full: {method: [dump, dump]}\n"),
       "bkp.yaml:5: full.method[1] \"dump\" is there twice", "remove"},
      {with_store("full: {method: []}\n"), "bkp.yaml:5: full.method is empty", "[dump]"},
      {with_store("full: {fingerprint: some}\n"),
       "bkp.yaml:5: full.fingerprint must not be \"some\"", "full, none"},
      {with_store("status:\n  yellow: 6h\n"),
       "bkp.yaml:6: status.green (6h) must be less than status.yellow (6h)", "younger"},
      {with_store("    retention: {daily: 1000000}\n"),
       "bkp.yaml:5: stores[0].retention.daily must be between 0 and 100000, not 1000000",
       "default is 30"},
      {with_store("wal: {push_jobs: 65}\n"),
       "bkp.yaml:5: wal.push_jobs must be between 0 and 64, not 65", "default is 4"},
      {with_store("wal: {archive_timeout: 0s}\n"),
       "bkp.yaml:5: wal.archive_timeout must be more than 0", "15min"},
      {with_store("incremental: {full_after: 7}\n"),
       "bkp.yaml:5: incremental.full_after must be a duration, not \"7\"", "7d"},
      {with_store("incremental: {full_after: 0s}\n"),
       "bkp.yaml:5: incremental.full_after must be more than 0", "15min"},
      {with_store("incremental: {max_chain: 10001}\n"),
       "bkp.yaml:5: incremental.max_chain must be between 0 and 10000, not 10001",
       "default is 168"},
      {with_store("incremental: {max_chain: -1}\n"),
       "bkp.yaml:5: incremental.max_chain must be a whole number, not \"-1\"", "without sign"},
  })));
}

TEST_CASE("names, patterns and paths") {
  check(GENERATE(values<Case>({
      {"site: Studio 1\nstores: [{name: a, url: 'file:///a'}]\n",
       "bkp.yaml:1: site must be a short name of a-z, 0-9 and \"-\", not \"Studio 1\"",
       "studio-eu"},
      {"site: ''\nstores: [{name: a, url: 'file:///a'}]\n",
       "bkp.yaml:1: site must be a short name of a-z, 0-9 and \"-\", not \"\"", "studio-eu"},
      {with_store("databases: ['']\n"), "bkp.yaml:5: databases[0] is an empty pattern", "app_*"},
      {with_store("databases:\n  exclude:\n    - ok\n    - 'a[b'\n"),
       "bkp.yaml:8: databases.exclude[1] \"a[b\" has a \"[\" without its \"]\"", "\\["},
      {with_store("databases: ['[]']\n"),
       "bkp.yaml:5: databases[0] \"[]\" has a \"[\" without its \"]\"", "\\["},
      {with_store("databases: ['a\\']\n"),
       "bkp.yaml:5: databases[0] \"a\\\" ends with a lone backslash", "\\\\"},
      {with_store("databases: []\n"),
       "bkp.yaml:5: databases is empty: no database would be backed up", "every database"},
      {with_store("databases: {include: []}\n"),
       "bkp.yaml:5: databases.include is empty: no database would be backed up", "every database"},
      {with_store("runbook: {path: runbook.html}\n"),
       "bkp.yaml:5: runbook.path must be an absolute path, not \"runbook.html\"",
       "beginning with \"/\""},
      {with_store("cluster: {password_file: ~/.pgpass}\n"),
       "bkp.yaml:5: cluster.password_file must be an absolute path", "not expanded"},
      {with_store("cluster: {password_file: hunter2}\n"),
       "bkp.yaml:5: cluster.password_file must be an absolute path", "beginning with \"/\""},
      {with_store("cluster: {conninfo: {file: hunter2}}\n"),
       "bkp.yaml:5: cluster.conninfo.file must be an absolute path", "beginning with \"/\""},
      {with_store("encryption: {identity_files: [id.txt]}\n"),
       "bkp.yaml:5: encryption.identity_files[0] must be an absolute path, not \"id.txt\"",
       "beginning with \"/\""},
      {with_store("encryption: {recipients: [age1x]}\n"),
       "bkp.yaml:5: encryption.recipients[0] is wrong: \"age1x\" is no age recipient", "age1"},
      {with_store("    endpoint: https://s3.example\n"),
       "bkp.yaml:5: stores[0].endpoint is for s3 stores, and this is a file one",
       "correct the URL"},
      {with_s3("endpoint: s3.example"),
       "bkp.yaml:5: stores[0].endpoint must be a server, not \"s3.example\"", "https://HOST"},
      {with_s3("endpoint: https://s3.example/bucket"),
       "bkp.yaml:5: stores[0].endpoint must be a server, not \"https://s3.example/bucket\"",
       "without a path"},
      {with_s3("addressing: dns"), "bkp.yaml:5: stores[0].addressing must not be \"dns\"",
       "path or virtual"},
      {with_s3("credentials: {profile: x}"),
       "bkp.yaml:5: stores[0].credentials.profile needs a file", "file:"},
      {with_s3("credentials: {file: /etc/x, env: true}"),
       "bkp.yaml:5: stores[0].credentials.env is a second source of the credentials", "keep one"},
      {with_s3("credentials: {command: []}"), "bkp.yaml:5: stores[0].credentials.command is empty",
       "PROGRAM"},
      {with_s3("parallel: 65"), "bkp.yaml:5: stores[0].parallel must be between 1 and 64, not 65",
       "default is 4"},
      {with_s3("server_side_encryption: rot13"),
       "bkp.yaml:5: stores[0].server_side_encryption must be AES256 or aws:kms", "remove the key"},
      {with_s3("kms_key: x"), "bkp.yaml:5: stores[0].kms_key needs server_side_encryption: aws:kms",
       "add that"},
      {with_s3("object_lock: {mode: forever, days: 1}"),
       "bkp.yaml:5: stores[0].object_lock.mode must not be \"forever\"",
       "governance or compliance"},
      {with_s3("object_lock: {mode: governance}"),
       "bkp.yaml:5: stores[0].object_lock.days is missing", "how many days"},
      {with_s3("known_hosts_file: /x"),
       "bkp.yaml:5: stores[0].known_hosts_file is for sftp stores, and this is a s3 one",
       "remove the key"},
      {with_store("verify: {database_prefix: pg_verify_}\n"),
       "bkp.yaml:5: verify.database_prefix must not begin with \"pg_\"", "keeps such names"},
      {with_store("verify: {database_prefix: ''}\n"),
       "bkp.yaml:5: verify.database_prefix must be a name of a-z, 0-9 and \"_\" that begins with "
       "no "
       "digit, at most 40 characters, not \"\"",
       "lower-case"},
      {with_store("catalog: {schema: My Schema}\n"),
       "bkp.yaml:5: catalog.schema must be a name of a-z, 0-9 and \"_\" that begins with no digit, "
       "at "
       "most 63 characters, not \"My Schema\"",
       "lower-case"},
      {with_store("verify:\n  assertions:\n    - {name: a, sql: select 1}\n"),
       "bkp.yaml:7: verify.assertions[0].database is missing", "restored copy"},
      {with_store("verify:\n  assertions:\n    - {name: a, database: b, sql: ''}\n"),
       "bkp.yaml:7: verify.assertions[0].sql is empty", "text"},
      {with_store("verify:\n  assertions:\n    - {name: a, database: b, sql: c}\n"
                  "    - {name: a, database: b, sql: c}\n"),
       "bkp.yaml:8: verify.assertions[1].name \"a\" is used twice", "of its own"},
  })));
}

TEST_CASE("stores") {
  check(GENERATE(values<Case>({
      {"site: studio\nstores:\n  - url: file:///a\n", "bkp.yaml:3: stores[0].name is missing",
       "name: local"},
      {"site: studio\nstores:\n  - name: a\n", "bkp.yaml:3: stores[0].url is missing", "file:///"},
      {with_store("  - name: local\n    url: file:///b\n"),
       "bkp.yaml:5: stores[1].name \"local\" is used twice", "of its own"},
      {with_store("  - name: b\n    url: file:///var/backups/bkp\n"),
       "bkp.yaml:6: stores[1].url is the same place as that of store \"local\"", "one copy"},
      {with_store("  - name: b\n    url: file://localhost//var/%62ackups//bkp/\n"),
       "bkp.yaml:6: stores[1].url is the same place as that of store \"local\"", "one copy"},
      {with_store("  - name: b/c\n    url: file:///b\n"),
       "bkp.yaml:5: stores[1].name must be a short name of letters, digits, \"_\", \".\" and "
       "\"-\", not "
       "\"b/c\"",
       "offsite-2"},
  })));
}

TEST_CASE("URLs of stores") {
  struct UrlCase {
    std::string url;
    std::string reason;
    std::string hint;
  };
  const auto& [url, reason, hint] = GENERATE(values<UrlCase>({
      {"/var/backups", "\"/var/backups\" is no URL", "file:///var/backups/bkp"},
      {"file://var/backups", "\"file://var/backups\" names a host or a relative path",
       "file:///var/backups"},
      {"file:///", "\"file:///\" names no directory", "file:///var/backups/bkp"},
      {"file:///a/../b", "\"file:///a/../b\" has a part \".\" or \"..\"", "detours"},
      {"file:///a b", "\"file:///a b\" has a character that a store's URL cannot have",
       "%20 for a space"},
      {"file:///a/%2e%2e/b", "\"file:///a/%2e%2e/b\" has a part \".\" or \"..\"", "detours"},
      {"file:///a%2",
       "is wrong: \"file:///a%2\" is not the URL of a store: \"%\" needs two "
       "hexadecimal digits behind it, and not 00; \"%\" itself is %25",
       "file:///var/backups/bkp"},
      {"ftp://host/a", "\"ftp://host/a\" is of a kind that bkp has no store for", "sftp://"},
      {"s3:///prefix", "\"s3:///prefix\" names no bucket or host", "s3://bucket"},
      {"sftp://host", "\"sftp://host\" names no directory", "sftp://user@host/path"},
      {"sftp://host/a", "\"sftp://host/a\" names no user", "sftp://user@host/path"},
      {"sftp://user:hunter2@host/a", "\"sftp://…@host/a\" contains a password", "remove it"},
      {"sftp://user:p@ss@host/a", "\"sftp://…@host/a\" contains a password", "remove it"},
      {"s3://AKIA:hunter/2@bucket/a", "\"s3://…@bucket/a\" contains a password", "remove it"},
  }));
  const auto error = parse_error("site: studio\nstores: [{name: a, url: '" + url + "'}]\n");
  CHECK(error.message() == "bkp.yaml:2: stores[0].url " + reason);
  CHECK_THAT(error.hint(), Catch::Contains(hint));
}

TEST_CASE("a procedure of the runbook that says too little") {
  const auto with = [](const std::string& procedure) {
    return with_store("runbook:\n  procedures:\n    - " + procedure + "\n");
  };
  check(GENERATE_COPY(values<Case>({
      {with("{steps: [{text: a}]}"), "bkp.yaml:7: runbook.procedures[0].title is missing", "Redis"},
      {with("{title: a}"), "bkp.yaml:7: runbook.procedures[0] has no steps", "steps:"},
      {with("{title: a, steps: []}"), "bkp.yaml:7: runbook.procedures[0] has no steps", "steps:"},
      {with("{title: a, steps: [{}]}"), "bkp.yaml:7: runbook.procedures[0].steps[0] says nothing",
       "a `command`"},
      {with("{title: a, steps: [{text: b, as: root}]}"),
       "bkp.yaml:7: runbook.procedures[0].steps[0].as goes with a command", "remove it"},
      {with("{title: a, steps: [{text: b, command: ' '}]}"),
       "bkp.yaml:7: runbook.procedures[0].steps[0].command is empty", "remove"},
      {with("{title: a, steps: [{command: \"b\\r\\nc\"}]}"),
       "bkp.yaml:7: runbook.procedures[0].steps[0].command has characters that cannot be shown",
       "xNN"},
      {with("{title: \"a\\u202eb\", steps: [{text: b}]}"),
       "bkp.yaml:7: runbook.procedures[0].title has characters that cannot be shown", "take them"},
      {with("{title: a, steps: [{command: \"b\\ec\"}]}"),
       "bkp.yaml:7: runbook.procedures[0].steps[0].command has characters that cannot be shown",
       "xNN"},
  })));
}

}  // namespace bkp::config
