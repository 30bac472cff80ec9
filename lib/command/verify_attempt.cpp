#include "command/verify_attempt.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/marks.hpp"
#include "backup/signature.hpp"
#include "backup/site_file.hpp"
#include "backup/source.hpp"
#include "command/key_options.hpp"
#include "drill/page_drill.hpp"
#include "report/page_checksum.hpp"
#include "stream/hash.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "verify/checksum.hpp"
#include "verify/cluster_check.hpp"
#include "verify/export_check.hpp"
#include "verify/restore_check.hpp"

namespace bkp::command {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;
using verify::Verification;

Attempt begin_attempt(const VerifyOptions& options, const run::Context& context,
                      const BackupRecord& backup, const std::string& store) {
  Attempt attempt;
  if (backup.id != 0) attempt.backup_id = backup.id;
  auto& verification = attempt.verification;
  verification.label = backup.label;
  verification.database = backup.database_name.value_or("");
  verification.level = options.level;
  verification.store = store;
  verification.started_at = context.clock.now();
  if (options.level == "drill") verification.objective = context.config.objectives.rto;
  return attempt;
}

void look_at_page(run::Context& context, const run::NamedStore& store, const store::Key& page,
                  Attempt& attempt) {
  try {
    if (auto damage = report::page_damage(*store.store, page))
      attempt.damaged_beside.push_back(std::move(*damage));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    context.warn(fmt::format("the page {} on store {} was not looked at: {}",
                             util::quoted(page.text()), util::quoted(store.name),
                             error.full_message()));
  }
}

namespace {

void look(const VerifyOptions& options, run::Context& context, const BackupRecord& backup,
          const backup::Source& source, Verification& verification) {
  verification.checks = verify::check_manifest(source.manifest());
  if (options.level == "checksum") {
    auto parts = verify::check_parts(context, source, verification.bytes_read);
    std::move(parts.begin(), parts.end(), std::back_inserter(verification.checks));
    if (source.manifest().sealed() && source.keys.identities.empty()) {
      verification.notes.emplace_back(
          "the stored bytes were compared, and not what is in them: they are sealed, and there is "
          "no "
          "identity here");
    }
    if (source.manifest().fingerprint) verification.fingerprint = "full";
    return;
  }
  const int jobs = options.jobs > 0 ? options.jobs : context.config.verify.jobs;
  if (source.manifest().config) {
    verify::verify_export(context, source, verification);
  } else if (source.manifest().physical) {
    verify::verify_cluster(context, backup, source.store.name, reading_keys(options.keys, context),
                           jobs, verification);
  } else {
    verify::verify_restore(context, source, jobs, verification);
  }
  // What cannot be restored by bkp is not tried by hand.
  if (options.level == "drill" && verification.success())
    drill::follow_page(context, backup, source, reading_keys(options.keys, context), verification);
}

void write_mark(run::Context& context, const run::NamedStore& store,
                const Verification& verification, std::string_view kind,
                const nlohmann::json& details) {
  const backup::Layout layout{context.config.site};
  try {
    // Without a manifest there is no backup here to stand beside.
    if (!store.store->stat(layout.manifest(verification.label))) return;
    backup::write_mark(*store.store, layout, verification.label, kind, verification.finished_at,
                       details);
  } catch (const Error& error) {
    context.warn(fmt::format("the result could not be noted on store {}: {}",
                             util::quoted(store.name), error.message()));
  }
}

/// Beside the backup, so that the store alone tells later; on every store that has a copy, unless
/// the result is about this one. A re-read proves no restore; it leaves a mark where there is
/// something to take back (`doubted`: the marks say that this copy is damaged).
void leave_mark(run::Context& context, const BackupRecord& backup, const run::NamedStore& store,
                bool doubted, const Verification& verification) {
  const bool re_read = verification.level == "checksum";
  if (verification.success() && re_read && !doubted) return;
  if (verification.about_the_page()) return;
  nlohmann::json details{{"level", verification.level}};
  if (!verification.success()) {
    details["scope"] = verification.about_the_copy() ? "copy" : "backup";
    details["error"] = verification.errors().front();
  }
  const auto* kind = !verification.success() ? "failed" : re_read ? "intact" : "verified";
  write_mark(context, store, verification, kind, details);
  if (re_read || verification.about_the_copy()) return;
  std::vector<std::string> others;
  for (const auto& known : context.config.stores) {
    if (known.name != store.name && backup.complete_copy_on(known.name) != nullptr)
      others.push_back(known.name);
  }
  if (others.empty()) return;
  const auto opened = context.open_stores(others);
  for (const auto& other : opened.stores) write_mark(context, other, verification, kind, details);
  for (const auto& failure : opened.failures) {
    context.warn(fmt::format("the result could not be noted on store {}: {}",
                             util::quoted(failure.name), failure.error.message()));
  }
}

void record(run::Context& context, const Verification& verification) {
  context.recorder.save_verification(verify::to_record(verification));
  context.recorder.audit({.action = "verify",
                          .subject = verification.label,
                          .details = {{"level", verification.level},
                                      {"store", verification.store},
                                      {"success", verification.success()}},
                          .at = verification.finished_at});
}

/// What is missing from an empty mount point is not lost, and what stands on a store whose
/// site.json is damaged may be good.
std::optional<Error> trouble_with_site(const run::NamedStore& store, const backup::Layout& layout) {
  try {
    backup::require_site_file(*store.store, layout, "");
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return error;
  }
}

/// Then a signature that is not believed condemns no copy: perhaps a key that was in use before is
/// missing from those that are trusted.
bool is_as_recorded(const run::NamedStore& store, const backup::Layout& layout,
                    const BackupRecord& backup) {
  const auto* copy = backup.complete_copy_on(store.name);
  if (copy == nullptr || copy->checksum_sha256.empty()) return false;
  const auto manifest = store::get_text(*store.store, layout.manifest(backup.label));
  return manifest && stream::digests_of(*manifest).sha256 == copy->checksum_sha256;
}

}  // namespace

Attempt verify_copy(const VerifyOptions& options, run::Context& context, const BackupRecord& backup,
                    const run::NamedStore& store) {
  auto result = begin_attempt(options, context, backup, store.name);
  auto& verification = result.verification;
  const backup::Layout layout{context.config.site};
  result.not_made = trouble_with_site(store, layout);
  if (result.not_made) return result;
  std::optional<backup::Source> source;
  try {
    source = backup::open_source(store, layout, backup, reading_keys(options.keys, context));
    look(options, context, backup, *source, verification);
  } catch (const backup::UntrustedError& error) {
    if (is_as_recorded(store, layout, backup)) {
      result.not_made = error;
      result.untrusted = true;
    } else {
      verification.checks.push_back(verify::failed("manifest", backup.label, error.full_message()));
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    if (error.kind() == ErrorKind::damaged) {
      verification.checks.push_back(verify::failed("manifest", backup.label, error.full_message()));
    } else {
      result.not_made = error;
    }
  }
  verification.finished_at = context.clock.now();
  if (source) result.damaged_beside = source->backup.marks.unreadable;
  look_at_page(context, store, layout.part(backup.label, "runbook.html"), result);
  if (result.not_made) return result;
  record(context, verification);
  leave_mark(context, backup, store, source && !source->backup.marks.copy_error.empty(),
             verification);
  if (!verification.objective_met()) {
    context.warn(fmt::format("the restore took {}, the objective is {} (objectives.rto)",
                             util::format_duration(util::Duration{verification.restore_seconds}),
                             util::format_duration(*verification.objective)));
  }
  return result;
}

void condemn_signature(run::Context& context, const BackupRecord& backup,
                       const run::NamedStore& store, Attempt& attempt) {
  auto& verification = attempt.verification;
  verification.checks.push_back(
      verify::failed("manifest", "signature", attempt.not_made->full_message()));
  attempt.not_made.reset();
  attempt.untrusted = false;
  record(context, verification);
  leave_mark(context, backup, store, false, verification);
}

}  // namespace bkp::command
