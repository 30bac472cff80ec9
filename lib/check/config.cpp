#include <sys/stat.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "check/shell_secrets.hpp"
#include "check/topics.hpp"
#include "pg/password_file.hpp"
#include "retention/policy.hpp"
#include "store/url.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::check {

using util::Error;
using util::ErrorKind;

namespace {

/// Three copies, the database itself among them, on two kinds of places, one of them elsewhere.
void examine_copies(const config::Config& config, Findings& findings) {
  std::set<std::string> kinds{"file"};  // as the database's own
  for (const auto& store : config.stores)
    kinds.insert(store::scheme_of(store.url).value_or("file"));
  std::vector<std::string> missing;
  if (config.stores.size() < 2) missing.emplace_back("a third copy (there is only one store)");
  if (kinds.size() < 2)
    missing.emplace_back("a second kind of store, and a copy in another place (s3:// or sftp://)");
  if (missing.empty()) {
    findings.ok("copies", "3-2-1: three copies, two kinds, one elsewhere");
  } else {
    findings.warning("copies",
                     fmt::format("3-2-1 does not hold: {} is missing", fmt::join(missing, "; ")),
                     "one fire, one theft or one mistake takes everything: add a store elsewhere");
  }
  if (std::ranges::none_of(config.stores, &config::Store::required)) {
    findings.warning("copies", "no store is required: a run that reaches none is still good",
                     "set `required: true` for at least one store");
  }
}

std::optional<mode_t> mode_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_mode & 07777U;
}

std::set<std::filesystem::path> password_files(const config::Config& config) {
  std::set<std::filesystem::path> files;
  for (const auto& file : {config.cluster.password_file, config.catalog.password_file}) {
    if (file) files.insert(*file);
  }
  return files;
}

// A server that asks for no password does without the file, so this is no error.
void examine_as_libpq(const std::filesystem::path& password_file, Findings& findings) {
  const auto why = pg::why_passed_over(password_file);
  if (!why) return;
  findings.warning("permissions",
                   fmt::format("libpq passes over the password file {}: {}",
                               util::quoted(password_file.string()), *why),
                   "chmod 600 " + util::shell_quoted(password_file.string()));
}

/// The page shows them, and is on every store, unsealed.
void examine_shown_commands(const config::Config& config, Findings& findings) {
  const auto examine = [&](const std::string& command, const std::string& whose) {
    if (!holds_secret(command)) return;
    findings.warning("runbook",
                     fmt::format("{} looks as if it held a secret, and everybody who can read a "
                                 "store can read it on the runbook's page",
                                 whose),
                     "let it read the secret from a file of mode 600, and change the secret: the "
                     "pages beside older backups keep it");
  };
  for (const auto& procedure : config.runbook.procedures) {
    for (std::size_t i = 0; i < procedure.steps.size(); ++i) {
      examine(procedure.steps[i].command,
              fmt::format("the command of step {} of {}", i + 1, util::quoted(procedure.title)));
    }
  }
  for (const auto& section : config.export_sections) {
    examine(fmt::format("{}", fmt::join(section.command, " ")),
            fmt::format("the command of section {}", util::quoted(section.name)));
  }
}

}  // namespace

void examine_settings(const config::Config& config, Findings& findings) {
  findings.ok("configuration", fmt::format("{} is valid", config.file.string()));
  for (const auto& key : config.unsupported) {
    findings.warning(
        "configuration",
        fmt::format("{} (line {}) has no effect in this version", util::printable(key.key),
                    key.line),
        "do without it for now: bkp.yaml(5) lists what this version has; the way back of "
        "files and of a Redis has its place in runbook.procedures");
  }
  examine_copies(config, findings);
  examine_shown_commands(config, findings);
  for (const auto& store : config.stores) {
    if (retention::has_rules(store.retention)) continue;
    findings.warning(
        "retention",
        fmt::format(
            "every rule of store {} is 0: `bkp prune` removes nothing there, and it fills up",
            util::quoted(store.name)),
        "set at least one rule, e.g. retention: {daily: 30}");
  }
}

void examine_permissions(const config::Config& config, const util::Environment& environment,
                         Findings& findings) {
  const auto before = findings.all().size();
  if (const auto mode = mode_of(config.file); mode && (*mode & S_IWGRP) != 0) {
    findings.warning("permissions",
                     fmt::format("{} can be changed by its group (mode {:04o})",
                                 util::quoted(config.file.string()), *mode),
                     "chmod g-w " + util::shell_quoted(config.file.string()));
  }
  for (const auto& file : password_files(config)) {
    if (findings.attempt("permissions", [&] { util::require_private(file, "password file"); })) {
      examine_as_libpq(file, findings);
    }
  }
  findings.attempt("permissions", [&] {
    const auto file =
        pg::password_file_of(pg::Conninfo::parse(config.cluster.conninfo), environment);
    if (file && !config.cluster.password_file) examine_as_libpq(*file, findings);
  });
  const auto& spool = config.catalog.spool_directory;
  if (const auto mode = mode_of(spool); mode && (*mode & 0077U) != 0) {
    findings.warning(
        "permissions",
        fmt::format("{} is open to others (mode {:04o})", util::quoted(spool.string()), *mode),
        "chmod 700 " + util::shell_quoted(spool.string()));
  }
  examine_ownership(spool, spool, "permissions", findings);
  examine_ownership(spool, spool.parent_path() / "lock", "permissions", findings);
  if (findings.all().size() == before) {
    findings.ok("permissions", "configuration, password files and spool are private enough");
  }
}

}  // namespace bkp::check
