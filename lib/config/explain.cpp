#include <fmt/format.h>

#include "config/explain_notify.hpp"
#include "config/explain_writer.hpp"
#include "config/parse.hpp"
#include "pg/conninfo.hpp"
#include "store/url.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

// Without the password that came from {file}, {env} or {command}.
void write_conninfo(Writer& writer, const std::string& text, std::string_view comment) {
  const auto conninfo = pg::Conninfo::parse(text);
  if (conninfo.has_secret()) {
    writer.key("conninfo", quote(conninfo.to_argument()), "and a password, not shown");
  } else {
    writer.key("conninfo", quote(text), comment);
  }
}

void write_connections(Writer& writer, const Config& config) {
  const auto& cluster = config.cluster;
  writer.section("cluster", "The PostgreSQL cluster that is protected.");
  write_conninfo(writer, cluster.conninfo, cluster.conninfo.empty() ? "libpq's defaults" : "");
  writer.optional("password_file", cluster.password_file, path_text, "in the format of pgpass");
  writer.optional("data_directory", cluster.data_directory, path_text,
                  "else asked from the server");
  writer.optional("bin_directory", cluster.bin_directory, path_text, "else found by version");
  writer.section("databases", "Which of its databases: names or patterns.");
  writer.key("include", list(config.databases.include));
  writer.key("exclude", list(config.databases.exclude));
  const auto& catalog = config.catalog;
  writer.section("catalog", "Where the records of all backups and runs are.");
  if (catalog.conninfo) {
    write_conninfo(writer, *catalog.conninfo, "");
  } else {
    writer.unset("conninfo", "not set: database \"bkp\" of the protected cluster itself");
  }
  writer.optional("password_file", catalog.password_file, path_text, "in the format of pgpass");
  writer.key("schema", quote(catalog.schema));
  writer.key("spool_directory", path_text(catalog.spool_directory),
             "records wait here while it is down");
}

std::string credentials(const s3::CredentialsSource& source) {
  struct Text {
    std::string operator()(const s3::CredentialsFile& from) const {
      return fmt::format("{{file: {}, profile: {}}}", path_text(from.file), quote(from.profile));
    }
    std::string operator()(const s3::CredentialsEnvironment&) const { return "{env: true}"; }
    std::string operator()(const s3::CredentialsCommand& from) const {
      return fmt::format("{{command: {}}}", list(from.arguments));
    }
    std::string operator()(const s3::CredentialsInstance&) const { return "{imds: true}"; }
  };
  return std::visit(Text{}, source);
}

void write_s3(Writer& writer, const s3::Options& options) {
  if (options.endpoint.empty()) {
    writer.unset("endpoint", "not set: AWS's of the region");
  } else {
    writer.key("endpoint", quote(options.endpoint));
  }
  writer.key("region", quote(options.region));
  writer.key("addressing", options.addressing == s3::Addressing::path ? "path" : "virtual");
  writer.key("credentials", credentials(options.credentials));
  writer.optional("ca_file", options.ca_file, path_text, "else the system's");
  writer.key("parallel", std::to_string(options.parallel), "parts of an object at once");
  if (!options.storage_class.empty()) writer.key("storage_class", quote(options.storage_class));
  if (!options.server_side_encryption.empty())
    writer.key("server_side_encryption", quote(options.server_side_encryption));
  if (!options.kms_key.empty()) writer.key("kms_key", quote(options.kms_key));
  if (const auto& lock = options.object_lock) {
    writer.key("object_lock",
               fmt::format("{{mode: {}, days: {}}}",
                           lock->mode == "COMPLIANCE" ? "compliance" : "governance", lock->days));
  }
}

void write_sftp(Writer& writer, const sftp::Options& options) {
  writer.optional("key_file", options.key_file, path_text, "else what the agent has");
  writer.optional("known_hosts_file", options.known_hosts_file, path_text,
                  "else ~/.ssh/known_hosts");
}

void write_store(Writer& writer, const Store& store) {
  writer.element("name", quote(store.name));
  writer.key("url", quote(store.url));
  writer.key(
      "required", boolean(store.required),
      store.required ? "a run that misses it is partial" : "a run that misses it is still good");
  writer.optional("capacity", store.capacity, size, "else asked from the file system");
  const auto& keep = store.retention;
  writer.key("retention",
             fmt::format("{{last: {}, within: {}, hourly: {}, daily: {}, weekly: {}, monthly: {}, "
                         "quarterly: {}, yearly: {}, wal: {}}}",
                         keep.last, duration(keep.within), keep.hourly, keep.daily, keep.weekly,
                         keep.monthly, keep.quarterly, keep.yearly, duration(keep.wal)));
  const auto scheme = store::scheme_of(store.url);
  if (scheme == "s3") write_s3(writer, store.s3);
  if (scheme == "sftp") write_sftp(writer, store.sftp);
  writer.end_element();
}

void write_backups(Writer& writer, const Config& config) {
  writer.section("compression", "zstd; level 0 is off, 0 threads are all cores.");
  writer.key("level", std::to_string(config.compression.level));
  writer.key("threads", std::to_string(config.compression.threads));
  writer.section("encryption", "Sealed with age for these recipients; none: not sealed.");
  writer.key("recipients", list(config.encryption.recipients));
  writer.key("identity_files", paths(config.encryption.identity_files),
             "only where restores and drills run");
  writer.section("signing", "Signatures of manifests (Ed25519).");
  writer.optional("key_file", config.signing.key_file, path_text, "else nothing is signed");
  writer.key("trusted_keys", paths(config.signing.trusted_keys), "none: no signature is asked for");
  const auto& limits = config.limits;
  writer.section("limits", "How much a run may take from the server and this machine.");
  if (limits.rate != 0) {
    writer.key("rate", size(limits.rate) + "/s");
  } else {
    writer.unset("rate", "not set: no limit");
  }
  writer.key("nice", std::to_string(limits.nice));
  writer.key("ionice", limits.ionice == util::IoClass::idle          ? "idle"
                       : limits.ionice == util::IoClass::best_effort ? "best-effort"
                                                                     : "none");
  writer.key("connections", std::to_string(limits.connections));
  writer.section("full", "Full backups.");
  writer.key("method", list(config.full.method));
  writer.key("fingerprint", config.full.fingerprint == FingerprintMode::full ? "full" : "none",
             "row counts and hashes taken from the dump as it passes");
  writer.key("jobs", std::to_string(config.full.jobs), "databases at once");
  writer.key("lock_timeout", duration(config.full.lock_timeout),
             "wait so long for a locked table; 0 = for ever");
  writer.key("slow_store_timeout", duration(config.full.slow_store_timeout),
             "a dump waits so long for a store slower than the others; 0 = for ever");
  writer.key("config_export", boolean(config.full.config_export));
}

void write_incremental(Writer& writer, const Incremental& incremental) {
  writer.section("incremental", "Incremental backups of the cluster: when a full one is due.");
  writer.key("full_after", duration(incremental.full_after), "the last full one is so old");
  writer.key("max_chain", std::to_string(incremental.max_chain),
             "so many incremental ones follow it; 0 = without limit");
}

void write_wal(Writer& writer, const Wal& wal) {
  writer.section("wal", "The archive of the write-ahead log.");
  writer.key("push_jobs", std::to_string(wal.push_jobs),
             "files that wait, archived along with the one asked for");
  writer.key("fetch_jobs", std::to_string(wal.fetch_jobs), "segments fetched ahead at a time");
  writer.key("archive_timeout", duration(wal.archive_timeout),
             "a segment is archived after so long, full or not");
}

void write_verify(Writer& writer, const Verify& verify) {
  writer.section("verify", "Test restores.");
  writer.key("database_prefix", quote(verify.database_prefix));
  writer.key("jobs", std::to_string(verify.jobs));
  writer.key("sample", share(verify.sample), "share of the tables whose rows are compared");
  if (verify.assertions.empty()) {
    writer.unset("assertions", "none");
    return;
  }
  writer.key("assertions", "");
  for (const auto& assertion : verify.assertions) {
    writer.element("name", quote(assertion.name));
    writer.key("database", quote(assertion.database));
    writer.key("sql", quote(assertion.sql));
    writer.key("expect", quote(assertion.expect));
    writer.end_element();
  }
}

void write_operations(Writer& writer, const Config& config) {
  writer.section("recover", "Restores.");
  writer.key("scratch_directory", path_text(config.recover.scratch_directory));
  writer.section("objectives", "What is promised; reports say whether it was kept.");
  writer.key("rpo", duration(config.objectives.rpo), "how much work may be lost");
  writer.key("rto", duration(config.objectives.rto), "how long a restore may take");
  writer.key("window", duration(config.objectives.window), "how long a backup may take");
  writer.section("status", "When the age of the last good backup is green, yellow, red.");
  writer.key("green", duration(config.status.green), "younger than this");
  writer.key("yellow", duration(config.status.yellow), "younger than this; then red");
  writer.key("capacity_alert", share(config.status.capacity_alert), "of a store in use");
  if (!config.status.kinds.empty()) writer.key("kinds", "");
  for (const auto& kind : config.status.kinds) {
    writer.element("kind", quote(kind.kind));
    writer.key("green", duration(kind.ages.green));
    writer.key("yellow", duration(kind.ages.yellow));
    writer.end_element();
  }
}

void write_step(Writer& writer, const ProcedureStep& step) {
  if (step.text.empty()) {
    writer.element_of_lines("command", step.command);
  } else {
    writer.element("text", quote(step.text));
    if (!step.command.empty()) writer.lines("command", step.command);
  }
  if (!step.as.empty()) writer.key("as", quote(step.as));
  writer.end_element();
}

void write_runbook(Writer& writer, const Runbook& runbook) {
  writer.section("runbook", "The page that says how to come back.");
  writer.optional("path", runbook.path, path_text, "a local copy of what the stores hold");
  writer.key("contacts", list(runbook.contacts));
  if (!runbook.procedures.empty()) writer.key("procedures", "");
  for (const auto& procedure : runbook.procedures) {
    writer.element("title", quote(procedure.title));
    writer.key("when", quote(procedure.when));
    writer.key("steps", "");
    for (const auto& step : procedure.steps) write_step(writer, step);
    writer.end_element();
  }
}

void write_export_sections(Writer& writer, const std::vector<ExportSection>& sections) {
  writer.section("config_export", "What is exported as configuration, beside the databases.");
  if (sections.empty()) {
    writer.unset("sections", "none: nothing is");
    return;
  }
  writer.key("sections", "");
  for (const auto& one : sections) {
    writer.element("name", quote(one.name));
    if (!one.database.empty()) writer.key("database", quote(one.database));
    if (!one.sql.empty()) writer.key("sql", quote(one.sql));
    if (!one.tables.empty()) writer.key("tables", list(one.tables));
    if (!one.key.empty()) writer.key("key", list(one.key));
    if (!one.files.empty()) writer.key("files", paths(one.files));
    if (!one.exclude.empty()) writer.key("exclude", list(one.exclude));
    if (one.server) writer.key("server", boolean(true));
    if (!one.command.empty()) writer.key("command", list(one.command));
    writer.key("secret", std::string{to_text(one.secret)});
    writer.end_element();
  }
}

void write_assets(Writer& writer, const std::vector<AssetSection>& assets) {
  constexpr auto what = "Files that a database knows by their checksums, for `bkp assets-check`.";
  if (assets.empty()) {
    writer.top("assets", "[]", what);
    return;
  }
  writer.section("assets", what);
  for (const auto& one : assets) {
    writer.element("name", quote(one.name));
    writer.key("database", quote(one.database));
    writer.key("sql", quote(one.sql), "columns path, sha256 and, if wanted, id");
    writer.key("root", path_text(one.root), "what paths are relative to");
    writer.key("nightly", share(one.nightly), "of the files, read by one run");
    writer.end_element();
  }
}

void write_schedules(Writer& writer, const std::vector<Schedule>& schedules) {
  if (schedules.empty()) {
    writer.top("schedules", "[]", "What `bkp init` enters into the catalog: nothing.");
    return;
  }
  writer.section("schedules",
                 "What `bkp init` enters into the catalog, where there is nothing yet.");
  for (const auto& one : schedules) {
    writer.element("command", quote(one.command));
    writer.key("schedule", quote(one.schedule));
    writer.key("time_zone", quote(one.time_zone));
    writer.optional("destination", one.destination, quote, "else every store");
    writer.key("jitter", duration(one.jitter), "begins up to so much later");
    writer.key("catch_up", duration(one.catch_up), "what was missed may begin so late");
    writer.key("enabled", boolean(one.enabled));
    writer.end_element();
  }
}

}  // namespace

std::string explain(const Config& config) {
  Writer writer;
  if (!config.file.empty()) {
    writer.comment("Effective settings of " + util::printable(config.file.string()));
  }
  writer.comment("Every key is explained in bkp.yaml(5).");
  writer.top("site", quote(config.site), "First part of every key in a store.");
  write_connections(writer, config);
  writer.section("stores", "Where backups go; restores look in the first one first.");
  for (const auto& store : config.stores) write_store(writer, store);
  write_backups(writer, config);
  write_incremental(writer, config.incremental);
  write_wal(writer, config.wal);
  write_verify(writer, config.verify);
  write_operations(writer, config);
  write_runbook(writer, config.runbook);
  write_export_sections(writer, config.export_sections);
  write_assets(writer, config.assets);
  write_notify(writer, config.notify);
  write_schedules(writer, config.schedules);
  if (!config.unsupported.empty()) {
    writer.comment("");
    writer.comment("Set in the file, but without effect in this version of bkp:");
    for (const auto& key : config.unsupported) {
      writer.comment(fmt::format("  line {}: {}", key.line, util::printable(key.key)));
    }
  }
  return writer.take();
}

}  // namespace bkp::config
