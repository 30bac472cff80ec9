#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/records.hpp"
#include "pg/connection.hpp"
#include "util/clock.hpp"
#include "util/log.hpp"

namespace bkp::catalog {

/// The writing side of the catalog. A backup must not fail because the catalog is down, so nothing
/// here throws for that: each call becomes an event with an id of its own (event.hpp), applied at
/// once in a transaction where the catalog can be reached, else appended to this run's spool file
/// (spool.hpp) and applied by a later run's deliver_spool(). Once an event went to the spool, all
/// later ones of this run follow it there, so that their order stays; the event that opened the run
/// goes first, for a catalog that comes back after a crash without it. The id is recorded in the
/// same transaction (table applied_events), so an event whose commit was in doubt is never applied
/// twice.
///
/// An interrupt does not stop it: a run that is asked to end still closes its row. Where neither
/// the catalog nor the spool can be written, the log says so and the event is lost. Not for
/// concurrent use.
/// A recorder whose run is never opened (a dry run, a command without a site) records nothing.
class Recorder {
 public:
  struct Settings {
    pg::Conninfo conninfo;
    std::string schema = "bkp";
    std::filesystem::path spool_directory;
    /// The run that is to be recorded has a row already, or will have one in this catalog.
    std::optional<ScheduledRun> scheduled = {};
  };
  /// Connects to nothing yet. Everything passed by reference must outlive it.
  Recorder(Settings settings, const util::Clock& clock, util::Log& log,
           const util::Interrupt& interrupt);
  ~Recorder();

  /// Opens the run's row. Call first. That the catalog cannot be reached is said in the log (once)
  /// with the next event that goes to the spool.
  void open_run(RunRecord run);
  /// Closes it: status ok → completed, partial, failed, cancelled.
  void close_run(Time finished_at, const std::string& status, int exit_code,
                 const std::string& error_message, std::int64_t bytes);

  /// Inserts or updates the row with this label, and its copies. `id`, `run_id`, verification and
  /// hold columns of the argument are ignored here; a purged backup stays purged.
  void save_backup(const BackupRecord& backup);
  /// For what was found in a store: as save_backup(), and restores verification, hold and creation
  /// time, and what was found about the copy; a verification or check the catalog knows to be later
  /// stays, as does a hold that ends later. It belongs to no run.
  void import_backup(const BackupRecord& backup);
  /// Also sets the backup's verified, verified_at and verification_result_json, and the copy's
  /// last_checked_at and error_message.
  ///
  /// What was found about the stored bytes, at level `checksum` or because a test restore could not
  /// even read them (only checks of kind part, manifest or fingerprint failed), concerns the copy
  /// on that store: error_message is set, and the backup becomes unverified only when every
  /// complete copy has failed. A pass at level `checksum` clears the error; then a backup that was
  /// unverified for its copies alone is again what the last test restore made it, or never
  /// verified. A pass at level `checksum` makes no backup verified. Every other result is about the
  /// backup.
  void save_verification(const VerificationRecord& verification);
  /// nullopt releases it.
  void set_hold(const std::string& label, std::optional<Time> until, const std::string& reason);
  /// Copies were made up for: a partial backup is completed, unless one of the stores that are
  /// required is still known to have none.
  void complete_backup(const std::string& label, const std::vector<std::string>& required);
  /// A config export found the very content of this one again, and stored nothing.
  void confirm_export(const std::string& label, Time at);
  /// One store's copy is gone; when it was the last one, the backup is `purged`.
  void mark_purged(const std::string& label, const std::string& store, Time at);
  void save_usage(const StoreUsage& usage);
  /// Replaces what is known of these assets of a section, but for what is of a later check.
  void save_asset_checks(const std::string& section, std::span<const AssetCheck> checks);
  /// Assets that the section has no more; nullopt: the section itself is gone.
  void drop_assets(const std::string& section, std::optional<std::vector<std::string>> paths);
  void audit(const AuditRecord& record);
  /// Backups left `running` by runs that no longer live become `failed`; for a holder of the write
  /// lock. Left to the next run while the catalog is down.
  void fail_abandoned_backups(const std::string& reason);

  /// Applies what earlier runs left in the spool (oldest first), and closes runs whose process is
  /// gone, their running backups with them; returns how many events were applied. Files of live
  /// runs (locked with flock) are left alone. A file with something that cannot be read or that the
  /// database refuses is set aside as
  /// *.bad, with a warning, after the rest of it was applied.
  std::size_t deliver_spool();

  /// Tries again to reach the catalog, for `init`, which makes it: then this run's own spool is
  /// applied and the run goes on online. Returns online().
  bool reconnect();

  /// True the first time, so that of all who notice that the catalog is down one says so; the
  /// recorder itself says nothing afterwards.
  bool claim_outage_warning();
  /// Where this run is noted; nullopt when nothing of it went to the spool.
  std::optional<std::filesystem::path> spool_file() const;

  bool online() const;
  /// Known while online.
  std::optional<std::int64_t> run_id() const;
  /// After save_backup() while online.
  std::optional<std::int64_t> backup_id(const std::string& label) const;
  /// Number of events waiting in the spool directory, of any run.
  std::size_t spooled() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::catalog
