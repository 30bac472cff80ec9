#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backup/wal_need.hpp"
#include "catalog/records.hpp"
#include "config/config.hpp"
#include "util/clock.hpp"

namespace bkp::retention {

/// Which backups of one store stay, and why. A pure function of the backups, the policy and the
/// time.
///
/// Rules apply to each *series* on its own: the backups of one type, method and database. A busy
/// database never evicts a quiet one's, nor a dump a base backup.
///
/// Calendar rules are measured from now, not from the newest backup: `daily: 30` looks at the 30
/// calendar days (UTC) up to and including today, and in each that has a backup keeps the newest
/// one. Days without a backup keep nothing and are not made up for by older days; so a site whose
/// backups stopped sees the rules run dry. What then still stays, whatever the policy says, is:
///   - the last good backup of the series, and its last verified one;
///   - for every unverified backup that stays, the last verified one before it;
///   - every backup that one that stays depends on (parents, transitively);
///   - for every backup that stays, the export of the configuration that was the last one then;
///   - the physical backup from which any time within the policy's `wal` is reached: the newest
///     sound one that is older than that, else the oldest sound one;
///   - what is held, is still being made, or is dated after now (a wrong clock is no reason to
///     remove, and such a backup takes no other's place in a rule).
/// Only good backups take part in rules. A failed one goes as soon as a good one of its series is
/// younger, else it stays to be looked at. One whose last verification failed, or whose copy on
/// this store failed its last check, is *doubted* here: rules are applied once to all and once as
/// if the doubted ones were not there, so that it neither takes a sound one's place nor goes sooner
/// than it would (the check may have been wrong). It is not a verified one, whatever was proven
/// with another copy. A policy without any rule keeps everything.
///
/// Planning again on what stays, at the same time, removes nothing; and raising any number of a
/// policy that has a rule never removes more, but of `wal`, which moves on to an older backup.

enum class State {
  good,     ///< complete on this store
  running,  ///< being made
  failed,   ///< was not completed here
};

struct Candidate {
  std::string label;
  std::string backup_type;
  std::string method;
  std::optional<std::string> database_name;
  std::optional<std::string> parent_label;
  util::Time started_at;  ///< the moment the backup stands for: what rules look at
  State state = State::good;
  bool verified = false;
  bool doubted = false;  ///< its last verification, or the last check of this copy, failed
  std::optional<util::Time> held_until;
  std::string hold_reason;
  std::uint64_t size_bytes = 0;
  std::optional<backup::WalNeed> wal = {};  ///< of a physical one
  bool operator==(const Candidate&) const = default;
};

enum class Action { keep, remove };

struct Decision {
  Candidate candidate;
  Action action = Action::keep;
  std::vector<std::string> reasons;  ///< for people; never empty
};

/// One decision for each candidate, newest first: in this order children come before their parents.
using Plan = std::vector<Decision>;

/// Throws nothing. Labels must be unique.
Plan make_plan(std::vector<Candidate> candidates, const config::RetentionPolicy& policy,
               util::Time now);

/// What a catalog row (or backup::to_record) says about the copy on `store`; nullopt when there is
/// no copy there or it was purged.
std::optional<Candidate> candidate_on(const catalog::BackupRecord& backup,
                                      const std::string& store);

/// Held at `now`.
bool is_held(const std::optional<util::Time>& held_until, util::Time now);

/// "held until 2026-12-24T00:00:00Z: audit", or "held: audit" for catalog::forever; for people,
/// reason made printable.
std::string describe_hold(util::Time held_until, const std::string& reason);

std::string_view action_name(Action action);

/// How many backups the plan does this to, and their bytes.
struct Total {
  std::size_t backups = 0;
  std::uint64_t bytes = 0;
};
Total total_of(const Plan& plan, Action action);

}  // namespace bkp::retention
