#include "sample_model.hpp"

namespace bkp::test {

namespace {

using util::parse_time;

pg::TableFingerprint table(const std::string& schema, const std::string& name, std::uint64_t rows) {
  pg::TableFingerprint result;
  result.schema = schema;
  result.table = name;
  result.rows = rows;
  return result;
}

backup::Manifest manifest_of(const std::string& database, const std::string& label) {
  backup::Manifest manifest;
  manifest.site = "studio";
  manifest.label = label;
  manifest.bkp_version = "0.1.0";
  manifest.system_identifier = "7301234567890123456";
  manifest.server_version = 150018;
  manifest.dump_version = "15.18";
  manifest.started_at = parse_time("2026-11-21T02:00:00Z");
  manifest.completed_at = parse_time("2026-11-21T02:03:20Z");
  manifest.database = {database,  "studio_owner", "UTF8", "C.UTF-8",
                       "C.UTF-8", "libc",         "",     524288000};
  manifest.parts = {{"dump.pgc.zst", "dump", "zstd", "none", 73400320, 314572800,
                     std::string(32, 'a'), std::string(64, 'b')},
                    {"globals.sql.zst", "globals", "zstd", "none", 812, 2048, std::string(32, 'c'),
                     std::string(64, 'd')}};
  manifest.fingerprint.emplace();
  manifest.fingerprint->tables = {table("public", "characters", 1200),
                                  table("public", "segments", 120000),
                                  table("workflow", "runs", 45000)};
  manifest.fingerprint->large_objects.count = 12;
  return manifest;
}

report::RunbookDatabase database_of(const std::string& name) {
  const std::string label = "20261121T020000Z-full-studio";
  report::RunbookDatabase database;
  database.name = name;
  database.newest = report::RunbookBackup{
      manifest_of(name, label), {"local", "vault"}, true, parse_time("2026-11-21T04:00:00Z")};
  database.restore_seconds = 252.4;
  database.restore_measured_on = label;
  database.history = {
      {label, parse_time("2026-11-21T02:00:00Z"), 73401132, true, false, {"local", "vault"}},
      {"20261120T020000Z-full-studio",
       parse_time("2026-11-20T02:00:00Z"),
       73001132,
       false,
       true,
       {"local"}}};
  database.history_total = 31;
  return database;
}

}  // namespace

report::RunbookModel sample_model() {
  report::RunbookModel model;
  model.site = "studio";
  model.generated_at = parse_time("2026-11-21T02:03:30Z");
  model.host = "db1";
  model.os_user = "bkp";
  model.config_file = "/etc/bkp/bkp.yaml";
  model.config_text =
      "site: studio\nstores:\n  - name: local\n    url: \"file:///var/backups/bkp\"\n"
      "  - name: vault\n    url: \"file:///mnt/vault\"\n";
  model.cluster = pg::Conninfo::parse("host=/var/run/postgresql user=bkp");
  model.server_version = 150018;
  model.dump_version = "15.18";
  model.bkp_version = "0.1.0";
  model.zstd_version = "1.5.4";
  model.system_identifier = "7301234567890123456";
  model.role_is_superuser = false;
  model.fetch_directory = "/var/lib/bkp/scratch/fetched";
  model.rpo = std::chrono::minutes{15};
  model.rto = std::chrono::minutes{15};
  model.window = std::chrono::minutes{30};
  model.contacts = {"On call: +49 30 1234567", "Hosting: support@hosting.example"};
  model.stores = {{"local", "file:///var/backups/bkp", true, {}},
                  {"vault", "file:///mnt/vault", false, {}}};
  model.databases = {database_of("studio")};
  return model;
}

report::RunbookModel hostile_model() {
  auto model = sample_model();
  model.contacts = {"<img src=x onerror=alert(1)> & \"friends\""};
  model.procedures = {{"<script>alert(3)</script>",
                       "<i>when</i> {{site}}",
                       {{"</ol><b>text</b>", "", ""},
                        {"",
                         "printf %s\\n one two three four five six seven eight nine ten eleven "
                         "twelve thirteen fourteen;\n\techo \"$(cat '<a  b>')\" # &amp;",
                         "<r>"}}}};
  model.host = "<b>host</b>";
  model.os_user = "bkp; rm -rf /";
  model.stores[1].problem = "</table><script>alert(2)</script>";
  model.stores[1].url = "file:///mnt/it's \"here\" & <there>";
  model.problems = {"{{site}} {{{site}}} <i>"};
  model.databases = {database_of(hostile_name), database_of("-rf"), database_of("caf\xe9"),
                     database_of("\xe2\x80\xaetxt.exe")};
  for (auto& database : model.databases) {
    auto& manifest = database.newest->manifest;
    manifest.fingerprint->tables.push_back(table("we\"ird", "ta'ble\n$$;--", 900000));
    manifest.parts.push_back(
        {"more\nSUMS\ntouch /tmp/harm", "other", "none", "none", 1, 1, "", "zz"});
    manifest.fingerprint_missing_reason = "<none>";
  }
  return model;
}

report::RunbookModel with_bases(report::RunbookModel model) {
  model.bases = {
      {"20261121T130000Z-incr", parse_time("2026-11-21T13:01:00Z"), 1200, false, {"vault"}},
      {"20261121T120000Z-base", parse_time("2026-11-21T12:20:00Z"), 94000000, true, {"local"}}};
  model.data_directory = "/var/lib/postgresql/15/main";
  model.server_programs = "/usr/lib/postgresql/15/bin";
  model.catalog_database = "bkp";
  return model;
}

}  // namespace bkp::test
