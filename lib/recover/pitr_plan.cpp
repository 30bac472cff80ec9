#include "recover/pitr_plan.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "backup/chain.hpp"
#include "backup/repository.hpp"
#include "backup/wal_need.hpp"
#include "recover/wal_reach.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/site_archive.hpp"

namespace bkp::recover {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;
using TargetKind = RecoveryTarget::Kind;

namespace {

class Planner {
 public:
  Planner(run::Context& context, const PitrRequest& request, const run::ReadingKeys& keys)
      : m_context{context},
        m_request{request},
        m_keys{keys},
        m_archive{context, keys},
        m_backups{backup::list_backups(context, {})} {
    m_plan.target = request.target;
  }

  PitrPlan run() {
    m_archive.require_whole();
    const auto backups = base_backups();
    if (m_archive.map().segments.empty()) {
      throw Error{ErrorKind::not_found, "the archive of the WAL is empty",
                  "`bkp wal-check` says what the stores have"};
    }
    std::optional<Error> failure;
    std::string failed;
    for (const auto& backup : backups) {
      try {
        if (!try_from(backup)) continue;
        if (!backup::is_chain_sound(backup, m_backups)) {
          m_context.warn(fmt::format("{}, or what it is built on, FAILED its last verification",
                                     backup.label));
        }
        if (failure) {
          m_context.warn(fmt::format("recovering from {}; {} cannot be used: {}", backup.label,
                                     failed, failure->full_message()));
        }
        return std::move(m_plan);
      } catch (const Error& error) {
        // Perhaps an older one reaches it; the newest tells best what is wrong.
        if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::not_found) throw;
        if (!failure) {
          failure = error;
          failed = backup.label;
        }
        if (!m_request.backup.empty()) break;
      }
    }
    if (failure) throw Error{*failure};
    throw nothing_before();
  }

 private:
  /// Newest first; one where the user named it.
  std::vector<BackupRecord> base_backups() const {
    auto all = m_backups;
    std::erase_if(all, [](const auto& backup) { return !backup::wal_need(backup); });
    if (all.empty()) {
      throw Error{ErrorKind::not_found, "there is no base backup to recover from",
                  "`bkp full --method base` takes one; `bkp restore` brings a database back from "
                  "a dump"};
    }
    if (!m_request.backup.empty()) return {backup::select_backup(all, m_request.backup)};
    // What is known to be bad comes when nothing else reaches the target.
    std::stable_partition(all.begin(), all.end(), [&](const auto& backup) {
      return backup::is_chain_sound(backup, m_backups);
    });
    return all;
  }

  Error nothing_before() const {
    const auto kind = m_request.target.kind;
    if (m_searched && (kind == TargetKind::transaction || kind == TargetKind::name)) {
      return {ErrorKind::not_found,
              fmt::format("{} is not in the archived WAL behind any base backup that may be used",
                          describe(m_request.target)),
              "`bkp pitr-restore --latest --preview` says how far the archive reaches"};
    }
    return {ErrorKind::not_found,
            fmt::format("no base backup ends before {}{}", describe(m_request.target),
                        m_oldest ? fmt::format("; the oldest that may be used ends at {}",
                                               util::format_rfc3339(*m_oldest))
                                 : ""),
            "`bkp list` shows the backups; a recovery can end only after the end of one"};
  }

  /// False when the target is not after this backup.
  bool try_from(const BackupRecord& record) {
    if (m_request.target.kind == TargetKind::time && record.started_at > m_request.target.time)
      return false;
    auto chain = open_chain(m_context, record, m_backups, m_request.store, m_keys);
    const auto& physical = *chain.manifest().physical;
    const wal::WalPath path{m_archive.map(), timeline_from(physical.timeline)};
    if (!path.passes(physical.timeline, physical.stop)) return false;
    m_oldest = physical.stopped_at;
    if (!is_after(physical)) return false;
    m_plan.backup = record;
    m_plan.chain = std::move(chain);
    m_plan.timeline = path.timeline();
    return reach(path, *m_plan.manifest().physical);
  }

  std::uint32_t timeline_from(std::uint32_t of_backup) const {
    const auto& wanted = m_request.target.timeline;
    if (wanted == "current") return of_backup;
    if (wanted == "latest") return wal::latest_timeline(m_archive.map(), of_backup);
    std::uint32_t number = 0;
    std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (m_archive.map().segments.contains(number)) return number;
    throw Error{ErrorKind::not_found, fmt::format("the archive has no timeline {}", wanted),
                "`bkp wal-check` shows those it has"};
  }

  bool is_after(const backup::PhysicalProperties& physical) const {
    const auto& target = m_request.target;
    if (target.kind == TargetKind::time) return target.time >= physical.stopped_at;
    if (target.kind == TargetKind::lsn) return target.lsn >= physical.stop;
    return true;
  }

  /// Whether, and by which segments, the target is reached from the backup.
  bool reach(const wal::WalPath& path, const backup::PhysicalProperties& physical) {
    const auto& target = m_request.target;
    const WalReach reach{m_context, m_archive, path, m_plan.backup.label, physical};
    const auto reached = reach.find(target);
    if (!reached) {
      m_searched = true;
      return false;
    }
    if (target.kind == TargetKind::time) {
      if (auto warning = branch_warning(m_context, m_archive, path, target.time, reached->newest))
        m_context.warn(std::move(*warning));
    }
    m_plan.first_segment = path.wanted(reach.first());
    m_plan.last_segment = path.wanted(reached->segment);
    m_plan.segments = reached->segment - reach.first() + 1;
    m_plan.wal_bytes = m_archive.stored_bytes(path, reach.first(), reached->segment);
    m_plan.cut_off = reached->cut_off;
    m_plan.newest = reached->newest;
    m_plan.commits_after = reached->commits_after;
    return true;
  }

  run::Context& m_context;
  const PitrRequest& m_request;
  const run::ReadingKeys& m_keys;
  wal::SiteArchive m_archive;
  std::vector<BackupRecord> m_backups;  ///< newest first
  std::optional<util::Time> m_oldest;
  bool m_searched = false;  ///< the WAL behind a backup was read for the target
  PitrPlan m_plan;
};

}  // namespace

PitrPlan plan_recovery(run::Context& context, const PitrRequest& request,
                       const run::ReadingKeys& keys) {
  return Planner{context, request, keys}.run();
}

}  // namespace bkp::recover
