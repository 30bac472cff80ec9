#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "pg/connection.hpp"

namespace bkp::catalog {

struct BackupFilter {
  std::optional<std::string> backup_type{};
  std::optional<std::string> database{};
  std::optional<Time> since{};  ///< started_at >= since
  std::optional<Time> until{};  ///< started_at < until
  std::optional<std::string> status{};
  std::optional<bool> verified{};
  std::optional<std::string> copy_failed_on{};  ///< a store that it could not be written to
  bool include_purged = false;
};

/// The reading side of the catalog: one connection to a migrated schema.
class Catalog {
 public:
  /// Throws DatabaseError when unreachable; Error{database} with a hint to run `bkp init` when the
  /// schema is missing or older, and to update bkp when it is newer than this version knows.
  static Catalog open(const pg::Conninfo& conninfo, const std::string& schema,
                      const util::Interrupt& interrupt);

  /// Newest first, with copies.
  std::vector<BackupRecord> backups(const BackupFilter& filter = {});
  std::optional<BackupRecord> backup(const std::string& label);
  /// Newest first: of one backup, or all.
  std::vector<VerificationRecord> verifications(const std::string& label);
  std::vector<VerificationRecord> verifications();
  /// How long a checked restore took: the last one of this backup, else of its database.
  std::optional<double> last_restore_seconds(const std::string& label, const std::string& database);
  /// Newest first, at most `limit`.
  std::vector<RunRecord> runs(int limit);
  /// Oldest first since the given time.
  std::vector<StoreUsage> usage_history(const std::string& store, Time since);
  /// Of all assets of a section, by path; or of those that are not ok.
  std::vector<AssetCheck> asset_checks(const std::string& section, bool faults_only = false);
  /// Of each section that there are checks of, by name.
  std::vector<AssetCounts> asset_counts();

  pg::Connection& connection() { return m_connection; }

 private:
  explicit Catalog(pg::Connection connection) : m_connection{std::move(connection)} {}
  pg::Connection m_connection;
};

}  // namespace bkp::catalog
