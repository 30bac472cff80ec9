#include "command/store_prune.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "retention/usage.hpp"
#include "util/text.hpp"

namespace bkp::command {

using retention::Action;
using util::Error;
using util::ErrorKind;

namespace {

// The mark on the store may have been lost, or the catalog's event still be in the spool.
void take_over_check(catalog::CopyRecord& copy, const catalog::CopyRecord& known) {
  if (known.state != catalog::status::completed || !known.last_checked_at) return;
  if (copy.last_checked_at && *copy.last_checked_at >= *known.last_checked_at) return;
  copy.last_checked_at = known.last_checked_at;
  copy.error_message = known.error_message;
}

}  // namespace

catalog::BackupRecord merged(catalog::BackupRecord stored, const catalog::BackupRecord& known) {
  stored.id = known.id;
  stored.parent_label = known.parent_label;
  backup::take_over_marks(stored, known);
  for (auto& copy : stored.copies) {
    const auto same = std::ranges::find(known.copies, copy.store, &catalog::CopyRecord::store);
    if (same != known.copies.end()) take_over_check(copy, *same);
  }
  return stored;
}

KnownBackups ask_catalog(run::Context& context) {
  KnownBackups known;
  try {
    known.catalog = context.open_catalog();
    known.backups = known.catalog->backups();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) throw;
    known.catalog.reset();
    context.warn_of_outage(error, "planning from the stores alone");
  }
  return known;
}

namespace {

class StorePruner {
 public:
  StorePruner(run::Context& context, const run::NamedStore& store, KnownBackups& known,
              StorePrune& result)
      : m_context{context},
        m_store{store},
        m_known{known},
        m_layout{context.config.site},
        m_result{result} {}

  void run() {
    m_result.plan = retention::make_plan(candidates(), *m_result.policy, m_context.clock.now());
    m_result.vanished = retention::vanished(m_known.backups, m_store.name, m_present);
    for (const auto& label : m_result.vanished) {
      m_context.warn(fmt::format("store {} has lost {}, which the catalog {}",
                                 util::quoted(m_store.name), util::printable(label),
                                 m_context.dry_run ? "still names" : "now says too"));
    }
    if (!m_context.dry_run) change();
    auto* catalog = m_known.catalog ? &*m_known.catalog : nullptr;
    m_result.usage = retention::record_usage(m_context, m_store, m_layout, catalog);
  }

 private:
  std::vector<retention::Candidate> candidates() {
    backup::require_site_file(*m_store.store, m_layout, "");
    std::vector<std::string> problems;
    const auto stored = backup::scan_store(*m_store.store, m_layout, problems);
    for (const auto& problem : problems) {
      m_context.warn(
          fmt::format("left alone on store {}: {}", util::quoted(m_store.name), problem));
    }
    for (const auto& object : m_store.store->list(m_layout.backups())) {
      const auto label = m_layout.label_of(object.key);
      if (!label.empty() && object.key == m_layout.manifest(label).text()) {
        m_present.push_back(label);
      }
    }
    require_right_store();
    std::map<std::string_view, const catalog::BackupRecord*> by_label;
    for (const auto& backup : m_known.backups) by_label.emplace(backup.label, &backup);

    std::vector<retention::Candidate> all;
    for (const auto& one : stored) {
      auto record = backup::to_record(one, m_layout, m_store.name, m_store.store->url());
      if (const auto found = by_label.find(record.label); found != by_label.end()) {
        record = merged(std::move(record), *found->second);
      }
      all.push_back(*retention::candidate_on(record, m_store.name));
    }
    for (const auto& backup : m_known.backups) {
      auto candidate = retention::candidate_on(backup, m_store.name);
      if (!candidate || candidate->state == retention::State::good || is_present(backup.label))
        continue;
      all.push_back(std::move(*candidate));
    }
    return all;
  }

  bool is_present(const std::string& label) const {
    return std::find(m_present.begin(), m_present.end(), label) != m_present.end();
  }

  // A store that was emptied, or another one's in its place, must not make the catalog forget every
  // backup.
  void require_right_store() const {
    if (!m_present.empty()) return;
    const auto missing = retention::vanished(m_known.backups, m_store.name, m_present).size();
    if (missing == 0) return;
    throw Error{
        ErrorKind::store,
        fmt::format("store {} at {} holds none of the {} backups the catalog names there",
                    util::quoted(m_store.name), util::printable(m_store.store->url()), missing),
        "is the right file system mounted there? if they are really gone, take a new backup with "
        "`bkp full`; then prune tells the catalog"};
  }

  void change() {
    const auto now = m_context.clock.now();
    for (const auto& label : m_result.vanished) {
      m_context.recorder.mark_purged(label, m_store.name, now);
      catalog::AuditRecord audit;
      audit.action = "prune.vanished";
      audit.subject = label;
      audit.details = {{"store", m_store.name}};
      audit.at = now;
      m_context.recorder.audit(audit);
    }
    retention::sweep(m_context, m_store, m_layout, m_result.plan, m_result.swept);
    for (const auto& [label, reason] : m_result.swept.spared) {
      for (auto& decision : m_result.plan) {
        if (decision.candidate.label != label) continue;
        decision.action = Action::keep;
        decision.reasons = {reason};
      }
    }
    // Without the catalog there is no lock against other hosts: what looks like debris may be their
    // backup in the making.
    if (m_known.catalog) m_result.debris = backup::remove_debris(*m_store.store, m_layout);
  }

  run::Context& m_context;
  const run::NamedStore& m_store;
  KnownBackups& m_known;
  backup::Layout m_layout;
  StorePrune& m_result;
  std::vector<std::string> m_present;  ///< labels with a manifest
};

}  // namespace

void prune_store(run::Context& context, const run::NamedStore& store, KnownBackups& known,
                 StorePrune& result) {
  StorePruner{context, store, known, result}.run();
}

}  // namespace bkp::command
