#include "command/store_candidates.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/marks.hpp"
#include "backup/repository.hpp"
#include "backup/site_file.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

using retention::Candidate;
using retention::State;
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
    if (const auto* same = known.copy_on(copy.store)) take_over_check(copy, *same);
  }
  return stored;
}

StoreCandidates::StoreCandidates(run::Context& context, const run::NamedStore& store,
                                 const std::vector<catalog::BackupRecord>& known)
    : m_context{context}, m_store{store}, m_layout{context.config.site} {
  m_known.reserve(known.size());
  m_candidates.reserve(known.size());
  m_index.reserve(known.size());
  m_believed.reserve(known.size());
  for (const auto& backup : known) m_known.emplace(backup.label, &backup);
  look(known);
}

void StoreCandidates::look(const std::vector<catalog::BackupRecord>& known) {
  backup::require_site_file(*m_store.store, m_layout, "");
  const auto names = m_store.store->names(m_layout.backups());
  const std::unordered_set<std::string_view> present{names.begin(), names.end()};
  for (const auto& backup : known) {
    auto candidate = retention::candidate_on(backup, m_store.name);
    if (!candidate) continue;
    if (candidate->state == State::good) {
      if (!present.contains(backup.label)) {
        m_vanished.insert(backup.label);
        continue;
      }
      m_believed.insert(backup.label);
    }
    put(std::move(*candidate));
  }
  for (const auto& label : names) {
    if (!m_believed.contains(label)) read(label);
  }
  require_right_store(names.size());
}

void StoreCandidates::put(Candidate candidate) {
  const auto [position, is_new] = m_index.try_emplace(candidate.label, m_candidates.size());
  if (is_new) {
    m_candidates.emplace_back(std::move(candidate));
  } else {
    m_candidates[position->second] = std::move(candidate);
  }
}

void StoreCandidates::drop(const std::string& label) {
  const auto found = m_index.find(label);
  if (found != m_index.end()) m_candidates[found->second].reset();
}

void StoreCandidates::read(const std::string& label) {
  std::optional<backup::StoredBackup> stored;
  try {
    stored = backup::read_backup(*m_store.store, m_layout, label);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    leave_alone(label, error.full_message());
    return;
  }
  if (!stored) {
    if (m_believed.contains(label)) {
      lose(label);
    } else if (backup::is_label(label)) {
      m_without_manifest.push_back(label);
    }
    return;
  }
  if (stored->marks.hold_doubtful) {
    leave_alone(label,
                fmt::format("{}; it may be held", fmt::join(stored->marks.unreadable, "; ")));
    return;
  }
  auto record = backup::to_record(*stored, m_layout, m_store.name, m_store.store->url());
  if (const auto known = m_known.find(label); known != m_known.end()) {
    record = merged(std::move(record), *known->second);
  }
  put(*retention::candidate_on(record, m_store.name));
}

void StoreCandidates::lose(const std::string& label) {
  const auto objects = m_store.store->list(m_layout.backup(label));
  const bool pruned = std::ranges::any_of(
      objects, [](const auto& object) { return backup::is_pruned_mark(object.key); });
  if (!objects.empty() && !pruned) {
    leave_alone(label, util::quoted(m_layout.manifest(label).text()) + " is missing");
    return;
  }
  drop(label);
  m_vanished.insert(label);
}

void StoreCandidates::leave_alone(const std::string& label, const std::string& why) {
  drop(label);
  m_context.warn(fmt::format("left alone on store {}: {}", util::quoted(m_store.name), why));
}

bool StoreCandidates::confirm(const retention::Plan& plan) {
  bool same = true;
  for (const auto& [candidate, action, reasons] : plan) {
    const auto& label = candidate.label;
    if (action != retention::Action::keep || !m_believed.contains(label)) continue;
    read(label);
    m_believed.erase(label);
    same = same && m_candidates[m_index.at(label)] == candidate;
  }
  return same;
}

std::vector<Candidate> StoreCandidates::candidates() const {
  std::vector<Candidate> all;
  all.reserve(m_candidates.size());
  for (const auto& candidate : m_candidates) {
    if (candidate) all.push_back(*candidate);
  }
  return all;
}

std::optional<catalog::BackupRecord> StoreCandidates::known(const std::string& label) const {
  const auto found = m_known.find(label);
  if (found == m_known.end()) return std::nullopt;
  return *found->second;
}

void StoreCandidates::require_right_store(std::size_t names) const {
  if (names > 0 || m_vanished.empty()) return;
  throw Error{
      ErrorKind::store,
      fmt::format("store {} at {} holds none of the {} backups the catalog names there",
                  util::quoted(m_store.name), util::printable(m_store.store->url()),
                  m_vanished.size()),
      fmt::format("is it the right place, and mounted? if they are really gone, `bkp copy --to "
                  "{}` brings back what another store has, or take a new backup with `bkp "
                  "full`; then prune tells the catalog",
                  util::shell_quoted(m_store.name))};
}

}  // namespace bkp::command
