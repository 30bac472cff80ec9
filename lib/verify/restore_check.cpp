#include "verify/restore_check.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pg/roles.hpp"
#include "recover/database_settings.hpp"
#include "recover/dump_restore.hpp"
#include "recover/globals.hpp"
#include "recover/new_database.hpp"
#include "recover/restore_plan.hpp"
#include "recover/sql_text.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "verify/assertions.hpp"
#include "verify/rows.hpp"
#include "verify/scratch_database.hpp"
#include "verify/structure.hpp"

namespace bkp::verify {

using util::Error;
using util::ErrorKind;

namespace {

void append(std::vector<Check>& all, std::vector<Check> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

/// So that names come as the dump has them. Without a fingerprint the archive tells:
/// SET client_encoding = 'UTF8'.
std::string dump_encoding(const backup::Manifest& manifest,
                          const std::vector<pg::ArchiveEntry>& entries) {
  if (manifest.fingerprint) return manifest.fingerprint->client_encoding;
  for (const auto& entry : entries) {
    if (entry.description != "ENCODING") continue;
    for (const auto& token : recover::tokenize(entry.definition)) {
      if (token.kind == recover::Token::Kind::string && token.text.size() > 2) {
        return token.text.substr(1, token.text.size() - 2);
      }
    }
  }
  return {};
}

void set_encoding(pg::Connection& connection, const std::string& encoding) {
  if (encoding.empty()) return;
  connection.exec("SELECT pg_catalog.set_config('client_encoding', $1, false)", {encoding});
}

void note_sample(const pg::Fingerprint& fingerprint, const std::vector<std::size_t>& chosen,
                 Verification& result) {
  result.fingerprint = "full";
  result.tables_total = fingerprint.tables.size();
  for (const auto& table : fingerprint.tables) result.rows_total += table.rows;
  for (const auto index : chosen) result.rows_checked += fingerprint.tables[index].rows;
  if (chosen.size() < fingerprint.tables.size()) {
    result.notes.push_back(
        fmt::format("rows of {} of {} tables were compared, as verify.sample says", chosen.size(),
                    fingerprint.tables.size()));
  }
}

/// Owners and privileges are restored where every role is there and may be given things.
recover::DumpRestoreOptions restore_options(pg::Connection& connection, recover::DumpFile& dump,
                                            const backup::Manifest& manifest, int jobs,
                                            Verification& result) {
  recover::DumpRestoreOptions options;
  options.jobs = jobs;
  const bool superuser = pg::is_superuser(connection);
  const auto missing = recover::missing_roles(
      connection, recover::roles_needed(dump.entries(), manifest.database.owner));
  if (superuser && missing.empty()) return options;
  options.no_owner = true;
  options.no_privileges = true;
  result.notes.push_back(
      superuser ? fmt::format("owners and privileges were not restored: {} roles are missing here",
                              missing.size())
                : "owners and privileges were not restored: that needs a superuser");
  return options;
}

/// Throws on what says nothing about the backup: no pg_restore, or one that was killed; a server
/// that went away, is full or was stopped.
void require_verdict(run::Context& context, const ScratchDatabase& scratch, const Error& error) {
  if (error.kind() != ErrorKind::database && error.kind() != ErrorKind::damaged) throw;
  context.interrupt.check();
  if (dynamic_cast<const recover::ProgramFailure*>(&error) != nullptr) throw;
  const auto* refusal = dynamic_cast<const pg::DatabaseError*>(&error);
  if (refusal != nullptr && refusal->of_server()) throw;
  // pg_restore hands on the server's words only.
  pg::Connection::open(scratch.conninfo(), context.interrupt);
  if (error.message().find("No space left on device") != std::string::npos) throw;
}

/// Restores; a backup that cannot be is a failed check.
bool restore(run::Context& context, recover::DumpFile& dump, ScratchDatabase& scratch,
             const backup::Manifest& manifest, int jobs, Verification& result) {
  auto& connection = scratch.maintenance();
  if (const auto original = recover::read_database_settings(connection, manifest.database.name)) {
    for (auto& problem : recover::apply_session_settings(connection, scratch.name(), *original)) {
      result.notes.push_back(std::move(problem));
    }
  }
  const auto options = restore_options(connection, dump, manifest, jobs, result);
  try {
    recover::restore_dump(context, dump, scratch.conninfo(),
                          std::max(connection.server_version(), manifest.server_version), options);
  } catch (const Error& error) {
    require_verdict(context, scratch, error);
    result.checks.push_back(failed("restore", "dump", error.full_message()));
    return false;
  }
  result.checks.push_back(passed("restore", "dump"));
  return true;
}

std::unique_ptr<recover::DumpFile> fetch(run::Context& context, const backup::Source& source,
                                         Verification& result) {
  try {
    auto dump = std::make_unique<recover::DumpFile>(context, source);
    dump->entries();
    return dump;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    result.checks.push_back(failed("part", "dump", error.full_message()));
    return nullptr;
  }
}

}  // namespace

void check_data(run::Context& context, const pg::Conninfo& database,
                const backup::Manifest& manifest, double sample, int connections,
                Verification& result) {
  if (!manifest.fingerprint) {
    result.fingerprint = "none: " + manifest.fingerprint_missing_reason;
    result.notes.emplace_back("rows were not compared: the backup has no fingerprint");
    return;
  }
  const auto& fingerprint = *manifest.fingerprint;
  const auto chosen = choose_tables(fingerprint, sample, manifest.label);
  note_sample(fingerprint, chosen, result);
  auto probes = row_probes(fingerprint, chosen, context.progress);
  probes.push_back(large_objects_probe(fingerprint));
  std::uint64_t bytes = 0;
  for (const auto& probe : probes) bytes += probe.weight;
  const run::ProgressStep step{context.progress, "comparing rows", bytes};
  append(result.checks,
         run_probes(context, database, connections, probes, [&](pg::Connection& connection) {
           use_dump_settings(connection, fingerprint);
         }));
}

void check_structure(run::Context& context, const pg::Conninfo& database,
                     const backup::Manifest& manifest, const std::vector<pg::ArchiveEntry>& entries,
                     int connections, Verification& result) {
  const auto encoding = dump_encoding(manifest, entries);
  const auto prepare = [&](pg::Connection& connection) {
    recover::lift_timeouts(connection);
    set_encoding(connection, encoding);
    connection.exec("SET row_security = off");
  };
  const run::ProgressStep step{context.progress, "checking keys, indexes and sequences",
                               std::nullopt};
  {
    auto connection = pg::Connection::open(database, context.interrupt);
    prepare(connection);
    if (entries.empty()) {
      result.notes.emplace_back("the table of contents was not compared: it cannot be read here");
    } else {
      append(result.checks, check_contents(connection, entries));
      append(result.checks, check_constraints(connection, entries));
    }
    append(result.checks, check_indexes(connection));
    auto probes = foreign_key_probes(connection, result.checks);
    auto sequences = sequence_probes(connection, result.checks);
    std::move(sequences.begin(), sequences.end(), std::back_inserter(probes));
    append(result.checks, run_probes(context, database, connections, probes, prepare));
  }
  const auto assertions =
      assertion_probes(context.config.verify.assertions, manifest.database.name);
  append(result.checks,
         run_probes(context, database, connections, assertions, [](pg::Connection&) {}));
}

void verify_restore(run::Context& context, const backup::Source& source, int jobs,
                    Verification& result) {
  const auto begin = context.clock.steady();
  result.bytes_read += source.manifest().size_bytes();
  {
    auto server = pg::Connection::open(context.cluster(), context.interrupt);
    recover::require_server_space(server, util::byte_count(source.manifest().database.size_bytes));
  }
  const auto dump = fetch(context, source, result);
  if (!dump) return;
  ScratchDatabase scratch{context, context.cluster(), source.manifest().database};
  context.log.info("restoring {} into {}", result.label, util::quoted(scratch.name()));
  const int connections = std::min(jobs, context.config.limits.connections);
  if (!restore(context, *dump, scratch, source.manifest(), connections, result)) return;
  result.restore_seconds = util::Duration{context.clock.steady() - begin}.count();
  check_data(context, scratch.conninfo(), source.manifest(), context.config.verify.sample,
             connections, result);
  check_structure(context, scratch.conninfo(), source.manifest(), dump->entries(), connections,
                  result);
}

}  // namespace bkp::verify
