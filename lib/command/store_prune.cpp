#include "command/store_prune.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/chain.hpp"
#include "backup/debris.hpp"
#include "command/store_candidates.hpp"
#include "retention/usage.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/archive_key.hpp"
#include "wal/archive_map.hpp"

namespace bkp::command {

using retention::Action;
using util::Error;
using util::ErrorKind;

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
    StoreCandidates candidates{m_context, m_store, m_known.backups};
    make_plan(candidates);
    m_result.vanished.assign(candidates.vanished().begin(), candidates.vanished().end());
    for (const auto& label : m_result.vanished) {
      m_context.warn(fmt::format("store {} has lost {}, which the catalog {}",
                                 util::quoted(m_store.name), util::printable(label),
                                 m_context.dry_run ? "still names" : "now says too"));
    }
    if (!m_context.dry_run) {
      change(candidates);
    } else if (m_known.catalog) {
      foresee_clearing(candidates);
    }
    prune_wal();
    auto* catalog = m_known.catalog ? &*m_known.catalog : nullptr;
    m_result.usage = retention::record_usage(m_context, m_store, m_layout, catalog);
  }

 private:
  /// Nothing goes on account of a backup that nobody has looked at.
  void make_plan(StoreCandidates& candidates) {
    const auto now = m_context.clock.now();
    do {
      m_result.plan = retention::make_plan(candidates.candidates(), m_result.policy, now);
    } while (retention::total_of(m_result.plan, Action::remove).backups > 0 &&
             !candidates.confirm(m_result.plan));
  }

  backup::Remains judge(const StoreCandidates& candidates, const std::string& label) const {
    return backup::judge_remains(candidates.known(label), m_store.name);
  }

  /// Without a look into what the catalog knows for good backups: there are many, and seldom
  /// anything else in them.
  void foresee_clearing(const StoreCandidates& candidates) {
    m_result.debris = backup::foresee_clearing(
        *m_store.store, m_layout, candidates.without_manifest(),
        [&](const std::string& label) { return judge(candidates, label); });
    // Those go by the plan already.
    std::erase_if(m_result.debris, [&](const auto& label) {
      return std::ranges::any_of(m_result.plan, [&](const auto& decision) {
        return decision.candidate.label == label && decision.action == Action::remove;
      });
    });
    const auto backups = m_layout.backups().text() + "/";
    m_result.unfinished = m_store.store->unfinished(
        m_layout.backups(),
        [&](std::string_view key) {
          return key.starts_with(backups) && candidates.is_believed(key.substr(backups.size()));
        },
        store::whenever);
  }

  /// By the backups that stay here, and by those of other stores: this store's WAL may be what
  /// they are recovered with.
  std::vector<wal::StayingBackup> staying_backups() const {
    std::vector<wal::StayingBackup> staying;
    for (const auto& [candidate, action, reasons] : m_result.plan) {
      if (action == Action::keep && candidate.wal)
        staying.push_back({candidate.label, *candidate.wal, candidate.started_at,
                           !candidate.doubted && is_sound(candidate.label)});
    }
    for (const auto& backup : m_known.backups) {
      const auto need = backup::wal_need(backup);
      const bool elsewhere = std::ranges::any_of(backup.copies, [&](const auto& copy) {
        return copy.store != m_store.name && copy.state == catalog::status::completed;
      });
      if (need && elsewhere) {
        staying.push_back({backup.label, *need, backup.started_at,
                           backup::is_chain_sound(backup, m_known.backups)});
      }
    }
    return staying;
  }

  /// As far as the catalog knows; without it the marks in the store tell of each backup alone.
  bool is_sound(const std::string& label) const {
    const auto known = std::ranges::find(m_known.backups, label, &catalog::BackupRecord::label);
    return known == m_known.backups.end() || backup::is_chain_sound(*known, m_known.backups);
  }

  void prune_wal() {
    const auto& site = m_context.config.site;
    const auto inventory = wal::read_inventory(*m_store.store, site);
    m_result.wal_files = inventory.files.size();
    clear_wal();
    const auto staying = staying_backups();
    if (inventory.files.empty() || staying.empty()) return;
    // What retention needs of the keys is nothing: sizes stand in the open.
    const wal::ArchiveKeys keys{{}, {}, true};
    const auto map = wal::map_archive({{*m_store.store, inventory}}, site, keys, m_context.log);
    if (map.segment_size == 0) return;
    m_result.wal = wal::plan_retention(inventory, map.segment_size, staying, m_result.policy.wal,
                                       m_context.clock.now());
    if (m_context.dry_run || m_result.wal.remove.empty()) return;
    std::vector<store::Key> gone;
    for (const auto& name : m_result.wal.remove)
      gone.push_back(wal::archive_key(site, name.name, name.sealing));
    m_store.store->remove_all(gone);
    m_context.recorder.audit({.action = "prune.wal",
                              .subject = m_store.name,
                              .details = {{"files", gone.size()},
                                          {"first", m_result.wal.remove.front().name},
                                          {"last", m_result.wal.remove.back().name},
                                          {"anchor", *m_result.wal.anchor}},
                              .at = m_context.clock.now()});
  }

  /// The server archives there, whoever holds the lock; but no push takes as long as that.
  void clear_wal() {
    constexpr std::chrono::hours longest_push{24};
    const auto root = wal::archive_root(m_context.config.site);
    const auto begun_before = m_context.clock.now() - longest_push;
    const auto found = m_context.dry_run
                           ? m_store.store->unfinished(root, store::no_key, begun_before)
                           : m_store.store->remove_unfinished(root, begun_before);
    m_result.unfinished.insert(m_result.unfinished.end(), found.begin(), found.end());
  }

  void change(const StoreCandidates& candidates) {
    for (const auto& label : m_result.vanished) forget(label);
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
    if (!m_known.catalog) return;
    auto cleared = backup::clear_remains(*m_store.store, m_layout, [&](const std::string& label) {
      return judge(candidates, label);
    });
    for (auto& message : cleared.left) m_context.warn(std::move(message));
    m_result.debris = std::move(cleared.removed);
    m_result.unfinished = std::move(cleared.unfinished);
  }

  /// Lets the catalog say what the store says.
  void forget(const std::string& label) {
    const auto now = m_context.clock.now();
    m_context.recorder.mark_purged(label, m_store.name, now);
    m_context.recorder.audit({.action = "prune.vanished",
                              .subject = label,
                              .details = {{"store", m_store.name}},
                              .at = now});
  }

  run::Context& m_context;
  const run::NamedStore& m_store;
  KnownBackups& m_known;
  backup::Layout m_layout;
  StorePrune& m_result;
};

}  // namespace

void prune_store(run::Context& context, const run::NamedStore& store, KnownBackups& known,
                 StorePrune& result) {
  StorePruner{context, store, known, result}.run();
}

}  // namespace bkp::command
