#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backup/layout.hpp"
#include "catalog/records.hpp"
#include "retention/plan.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// What a store tells of a backup, with what the catalog knows beyond it: its parent, its id, the
/// later end of a hold, the newer verification, the newer check of the copy.
catalog::BackupRecord merged(catalog::BackupRecord stored, const catalog::BackupRecord& known);

/// A store's backups as candidates for retention. Years of backups are more manifests than can be
/// read each night, so what the catalog has a complete copy of here is taken from the catalog as
/// long as its name is there; but a backup on whose account others go must really be there:
/// confirm() reads the manifests and marks of those that a plan keeps.
class StoreCandidates {
 public:
  /// Lists the store. `known` is the catalog's part, empty when it is down; it must outlive this.
  /// Throws what the store throws; Error{store} when it holds no site or none of the backups it
  /// should: an empty directory where a disk should be mounted, or another store in its place, must
  /// not make the catalog forget every backup.
  StoreCandidates(run::Context& context, const run::NamedStore& store,
                  const std::vector<catalog::BackupRecord>& known);

  std::vector<retention::Candidate> candidates() const;

  /// Reads what the plan keeps and was only believed so far; false when that changed a candidate:
  /// then the plan must be made again. Warns of manifests that are no good: these are no
  /// candidates.
  bool confirm(const retention::Plan& plan);

  /// Labels the catalog has a complete copy of here and the store has not: their purge was
  /// interrupted before it was recorded, or other hands removed them. Sorted.
  const std::set<std::string>& vanished() const { return m_vanished; }
  /// Labels that are there without a manifest, and no good backups to the catalog: debris, or
  /// backups in the making. Sorted.
  const std::vector<std::string>& without_manifest() const { return m_without_manifest; }
  /// Whether nobody has looked at it: it is there, and a good backup to the catalog.
  bool is_believed(std::string_view label) const { return m_believed.contains(label); }
  /// The catalog's row.
  std::optional<catalog::BackupRecord> known(const std::string& label) const;

 private:
  void look(const std::vector<catalog::BackupRecord>& known);
  void read(const std::string& label);
  void put(retention::Candidate candidate);
  void drop(const std::string& label);
  void lose(const std::string& label);
  void leave_alone(const std::string& label, const std::string& why);
  void require_right_store(std::size_t names) const;

  run::Context& m_context;
  const run::NamedStore& m_store;
  backup::Layout m_layout;
  std::unordered_map<std::string_view, const catalog::BackupRecord*> m_known;
  // In the catalog's order, newest first, which spares the plan most of its sorting.
  std::vector<std::optional<retention::Candidate>> m_candidates;
  std::unordered_map<std::string, std::size_t> m_index;  ///< of each label in m_candidates
  std::unordered_set<std::string_view> m_believed;       ///< candidates by the catalog's word alone
  std::set<std::string> m_vanished;
  std::vector<std::string> m_without_manifest;
};

}  // namespace bkp::command
