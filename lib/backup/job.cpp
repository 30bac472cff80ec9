#include "backup/job.hpp"

#include "backup/debris.hpp"
#include "stream/hash.hpp"
#include "util/host.hpp"
#include "util/version.hpp"

namespace bkp::backup {

using util::Error;

std::optional<stream::TeeSink::Patience> slow_store_patience(const run::Context& context) {
  const auto longest = context.config.full.slow_store_timeout;
  if (longest.count() == 0) return std::nullopt;
  return stream::TeeSink::Patience{context.clock, longest};
}

Manifest begin_manifest(const run::Context& context, const Job& job, const Layout& layout,
                        const std::string& label) {
  Manifest manifest;
  manifest.site = layout.site();
  manifest.label = label;
  manifest.triggered_by = context.triggered_by;
  manifest.host = util::host_name();
  manifest.bkp_version = util::version();
  manifest.system_identifier = job.system_identifier;
  manifest.server_version = job.server_version;
  manifest.started_at = context.clock.now();
  for (const auto& recipient : job.format.recipients)
    manifest.recipients.push_back(recipient.text());
  return manifest;
}

void commit(const run::Context& context, const Job& job, const Layout& layout, Manifest manifest,
            Outcome& outcome) {
  manifest.completed_at = context.clock.now();
  const std::string text = to_text(manifest);
  const auto signature = job.signing_key ? job.signing_key->sign(text) : std::string{};
  for (auto* target : good_targets(outcome.targets)) {
    try {
      if (!signature.empty())
        store::put_text(*target->store, layout.signature(manifest.label), signature);
      store::put_text(*target->store, layout.manifest(manifest.label), text);
    } catch (const Error& error) {
      target->failure = error;
    }
  }
  good_targets(outcome.targets);
  const auto digests = stream::digests_of(text);
  outcome.manifest_md5 = digests.md5;
  outcome.manifest_sha256 = digests.sha256;
  outcome.manifest = std::move(manifest);
}

namespace {

/// Of targets that did not become a copy. Best effort: what cannot be removed now is debris for the
/// next run.
void remove_remains(const run::Context& context, const Layout& layout, const std::string& label,
                    const Outcome& outcome) {
  for (const auto& target : outcome.targets) {
    if (!outcome.error && !target.failure) continue;
    try {
      RemovedObjects ignored;
      remove_objects(*target.store, layout, label, ignored);
    } catch (const Error& error) {
      context.log.debug("remains of {} stay on store {} for now: {}", label, target.name,
                        error.message());
    }
  }
}

}  // namespace

Outcome attempt_backup(const run::Context& context, const Layout& layout, const std::string& label,
                       std::vector<Target> targets, const std::string& what,
                       const std::function<void(Outcome& outcome)>& take) {
  Outcome outcome;
  outcome.targets = std::move(targets);
  try {
    util::with_context(what, [&] { take(outcome); });
  } catch (...) {
    outcome.error = util::current_error();
  }
  remove_remains(context, layout, label, outcome);
  return outcome;
}

}  // namespace bkp::backup
