#include "retention/plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "retention/policy.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::retention {

namespace {

using Indexes = std::vector<std::size_t>;

/// A plan in the making. Candidates are newest first and known by their index.
class Draft {
 public:
  Draft(std::vector<Candidate> candidates, const config::RetentionPolicy& policy, util::Time now);
  Plan finish() &&;

 private:
  void apply_rules(const Indexes& good);
  void keep_last_proven(const Indexes& good, const Indexes& sound, const std::string& what);
  void keep_unfinished(const Indexes& series);
  void keep_special();
  void keep_where_wal_begins();
  bool is_chain_sound(std::size_t index) const;
  std::optional<std::size_t> export_of(std::size_t index) const;
  void keep_what_others_need();

  void keep(std::size_t index, std::string reason) {
    auto& reasons = m_reasons[index];
    if (std::find(reasons.begin(), reasons.end(), reason) != reasons.end()) return;
    reasons.push_back(std::move(reason));
  }
  bool kept(std::size_t index) const { return !m_reasons[index].empty(); }
  bool in_future(std::size_t index) const { return m_candidates[index].started_at > m_now; }

  std::vector<Candidate> m_candidates;
  const config::RetentionPolicy& m_policy;
  util::Time m_now;
  std::vector<std::vector<std::string>> m_reasons;  ///< to keep; none = goes
  std::unordered_map<std::string_view, std::size_t> m_by_label;
  std::map<std::size_t, std::size_t> m_verified_before;  ///< of an unverified one
  Indexes m_exports;                      ///< the good ones of the configuration, newest first
  std::set<std::size_t> m_last_verified;  ///< of each series
};

constexpr std::string_view type_of_exports = "config";

using SeriesKey = std::tuple<std::string, std::string, std::optional<std::string>>;

std::string describe(const SeriesKey& series) {
  const auto& [type, method, database] = series;
  if (database) return fmt::format("{} backup of database {}", type, util::quoted(*database));
  return fmt::format("{} {} backup", type, method);
}

Draft::Draft(std::vector<Candidate> candidates, const config::RetentionPolicy& policy,
             util::Time now)
    : m_candidates{std::move(candidates)}, m_policy{policy}, m_now{now} {
  std::sort(m_candidates.begin(), m_candidates.end(), [](const auto& left, const auto& right) {
    return std::tie(left.started_at, left.label) > std::tie(right.started_at, right.label);
  });
  m_reasons.resize(m_candidates.size());
  std::map<SeriesKey, Indexes> all_series;
  for (std::size_t index = 0; index < m_candidates.size(); ++index) {
    const auto& candidate = m_candidates[index];
    m_by_label.emplace(candidate.label, index);
    if (candidate.backup_type == type_of_exports && candidate.state == State::good)
      m_exports.push_back(index);
    all_series[{candidate.backup_type, candidate.method, candidate.database_name}].push_back(index);
  }
  for (const auto& [key, series] : all_series) {
    Indexes good;
    std::copy_if(series.begin(), series.end(), std::back_inserter(good), [&](std::size_t index) {
      return m_candidates[index].state == State::good && !in_future(index);
    });
    Indexes sound;
    std::copy_if(good.begin(), good.end(), std::back_inserter(sound),
                 [&](std::size_t index) { return !m_candidates[index].doubted; });
    apply_rules(good);
    if (sound.size() != good.size()) apply_rules(sound);
    keep_last_proven(good, sound, describe(key));
    keep_unfinished(series);
  }
  keep_special();
  keep_where_wal_begins();
  keep_what_others_need();
}

void Draft::apply_rules(const Indexes& good) {
  if (!has_rules(m_policy)) {
    for (const auto index : good) keep(index, "the policy has no rule: everything stays");
    return;
  }
  const auto last =
      std::min<std::size_t>(static_cast<std::size_t>(std::max(m_policy.last, 0)), good.size());
  for (std::size_t rank = 0; rank < last; ++rank) {
    keep(good[rank], fmt::format("last {} of {}", rank + 1, m_policy.last));
  }
  for (const auto index : good) {
    if (m_policy.within <= std::chrono::seconds{0}) break;
    if (m_now - m_candidates[index].started_at > m_policy.within) break;
    keep(index, fmt::format("within {}", util::format_duration(m_policy.within)));
  }
  for (const auto& rule : calendar_rules(m_policy)) {
    const auto current = bucket_number(m_now, rule.period);
    std::optional<long> previous;
    for (const auto index : good) {
      const auto started_at = m_candidates[index].started_at;
      const auto number = bucket_number(started_at, rule.period);
      if (current - number >= rule.count) break;
      if (previous == number) continue;
      previous = number;
      keep(index, fmt::format("{} {} of {}: newest of {}", rule.name, current - number + 1,
                              rule.count, bucket_of(started_at, rule.period).name));
    }
  }
}

void Draft::keep_last_proven(const Indexes& good, const Indexes& sound, const std::string& what) {
  if (!sound.empty()) keep(sound.front(), fmt::format("last good {}", what));
  if (!good.empty() && m_candidates[good.front()].doubted) {
    keep(good.front(), fmt::format("newest {}, though its verification failed", what));
  }
  const auto verified = [&](std::size_t index) { return m_candidates[index].verified; };
  const auto found = std::find_if(good.begin(), good.end(), verified);
  if (found == good.end()) return;
  keep(*found, fmt::format("last verified {}", what));
  m_last_verified.insert(*found);
}

void Draft::keep_unfinished(const Indexes& series) {
  bool good_is_younger = false;
  Indexes unverified;
  for (const auto index : series) {
    const auto& candidate = m_candidates[index];
    if (candidate.state == State::running) {
      keep(index, "still running");
    } else if (candidate.state == State::failed) {
      if (!good_is_younger) keep(index, "failed, and no younger one is good");
    } else if (candidate.verified) {
      for (const auto younger : unverified) m_verified_before[younger] = index;
      unverified.clear();
    } else {
      unverified.push_back(index);
    }
    good_is_younger |= candidate.state == State::good && !in_future(index);
  }
}

void Draft::keep_special() {
  for (std::size_t index = 0; index < m_candidates.size(); ++index) {
    const auto& candidate = m_candidates[index];
    if (in_future(index)) {
      keep(index, fmt::format("dated {}, after now: check the clocks",
                              util::format_rfc3339(candidate.started_at)));
    }
    if (is_held(candidate.held_until, m_now)) {
      keep(index, describe_hold(*candidate.held_until, candidate.hold_reason));
    }
  }
}

/// It and what it is built on, as far as that is here.
bool Draft::is_chain_sound(std::size_t index) const {
  for (std::size_t length = 0; length < m_candidates.size(); ++length) {
    const auto& candidate = m_candidates[index];
    if (candidate.state != State::good || candidate.doubted) return false;
    if (!candidate.parent_label) return true;
    const auto parent = m_by_label.find(*candidate.parent_label);
    if (parent == m_by_label.end()) return false;
    index = parent->second;
  }
  return false;
}

void Draft::keep_where_wal_begins() {
  if (!has_rules(m_policy) || m_policy.wal <= std::chrono::seconds{0}) return;
  std::optional<std::size_t> oldest;
  for (std::size_t index = 0; index < m_candidates.size(); ++index) {
    const auto& candidate = m_candidates[index];
    if (!candidate.wal || in_future(index) || !is_chain_sound(index)) continue;
    oldest = index;
    if (m_now - candidate.started_at >= m_policy.wal) break;
  }
  if (!oldest) return;
  keep(*oldest, fmt::format("any time within wal {} is reached from it",
                            util::format_duration(m_policy.wal)));
}

/// "20261121T030000Z-incr and 4 more"
std::string name_some(const Indexes& indexes, const std::vector<Candidate>& candidates) {
  auto first = util::printable(candidates[indexes.front()].label);
  if (indexes.size() == 1) return first;
  return fmt::format("{} and {} more", first, indexes.size() - 1);
}

/// The export of the configuration that was the newest when the backup was taken.
std::optional<std::size_t> Draft::export_of(std::size_t index) const {
  const auto& backup = m_candidates[index];
  if (backup.backup_type == type_of_exports || backup.state != State::good) return std::nullopt;
  const auto found = std::ranges::find_if(m_exports, [&](std::size_t other) {
    return m_candidates[other].started_at <= backup.started_at;
  });
  return found == m_exports.end() ? std::nullopt : std::optional{*found};
}

// A kept backup may need another, and that one a third: follow until nothing new is reached.
void Draft::keep_what_others_need() {
  std::map<std::size_t, Indexes> children;
  std::map<std::size_t, Indexes> unverified;
  std::map<std::size_t, Indexes> configured;
  std::set<std::size_t> reached;
  Indexes open;
  const auto reach = [&](std::size_t index) {
    if (reached.insert(index).second) open.push_back(index);
  };
  for (std::size_t index = 0; index < m_candidates.size(); ++index) {
    if (kept(index)) reach(index);
  }
  while (!open.empty()) {
    const auto index = open.back();
    open.pop_back();
    const auto& candidate = m_candidates[index];
    const auto parent =
        candidate.parent_label ? m_by_label.find(*candidate.parent_label) : m_by_label.end();
    if (parent != m_by_label.end()) {
      children[parent->second].push_back(index);
      reach(parent->second);
    }
    const auto before = m_verified_before.find(index);
    if (before != m_verified_before.end()) {
      unverified[before->second].push_back(index);
      reach(before->second);
    }
    if (const auto configuration = export_of(index)) {
      configured[*configuration].push_back(index);
      reach(*configuration);
    }
  }
  for (auto& [index, needing] : configured) {
    std::sort(needing.begin(), needing.end());
    keep(index, fmt::format("the configuration of {}", name_some(needing, m_candidates)));
  }
  for (auto& [index, needing] : children) {
    std::sort(needing.begin(), needing.end());
    keep(index, fmt::format("needed by {}", name_some(needing, m_candidates)));
  }
  for (auto& [index, needing] : unverified) {
    if (m_last_verified.contains(index)) continue;
    std::sort(needing.rbegin(), needing.rend());
    keep(index, fmt::format("last verified one before the unverified {}",
                            name_some(needing, m_candidates)));
  }
}

Plan Draft::finish() && {
  Plan plan;
  plan.reserve(m_candidates.size());
  for (std::size_t index = 0; index < m_candidates.size(); ++index) {
    Decision decision{std::move(m_candidates[index]), Action::keep, std::move(m_reasons[index])};
    if (decision.reasons.empty()) {
      decision.action = Action::remove;
      decision.reasons.emplace_back(decision.candidate.state == State::failed
                                        ? "failed, and a younger one is good"
                                        : "beyond every rule");
    }
    plan.push_back(std::move(decision));
  }
  return plan;
}

std::optional<State> state_of(const catalog::BackupRecord& backup,
                              const catalog::CopyRecord& copy) {
  namespace status = catalog::status;
  if (copy.state == status::purged || backup.status == status::purged) return std::nullopt;
  if (copy.state == status::completed && backup.good()) return State::good;
  const auto unfinished = [](const std::string& name) {
    return name == status::running || name == status::pending;
  };
  if (unfinished(copy.state) || unfinished(backup.status)) return State::running;
  return State::failed;
}

}  // namespace

Plan make_plan(std::vector<Candidate> candidates, const config::RetentionPolicy& policy,
               util::Time now) {
  return Draft{std::move(candidates), policy, now}.finish();
}

std::optional<Candidate> candidate_on(const catalog::BackupRecord& backup,
                                      const std::string& store) {
  const auto* copy = backup.copy_on(store);
  if (copy == nullptr) return std::nullopt;
  const auto state = state_of(backup, *copy);
  if (!state) return std::nullopt;
  const bool proven = backup.verified && !copy->damaged();
  return Candidate{.label = backup.label,
                   .backup_type = backup.backup_type,
                   .method = backup.method,
                   .database_name = backup.database_name,
                   .parent_label = backup.parent_label,
                   .started_at = backup.started_at,
                   .state = *state,
                   .verified = proven,
                   .doubted = copy->damaged() || backup.failed_verification(),
                   .held_until = backup.held_until,
                   .hold_reason = backup.hold_reason,
                   .size_bytes = util::byte_count(copy->size_bytes),
                   .wal = backup::wal_need(backup)};
}

bool is_held(const std::optional<util::Time>& held_until, util::Time now) {
  return held_until && *held_until > now;
}

std::string describe_hold(util::Time held_until, const std::string& reason) {
  const auto why = util::printable(reason);
  if (held_until >= catalog::forever) return fmt::format("held: {}", why);
  return fmt::format("held until {}: {}", util::format_rfc3339(held_until), why);
}

std::string_view action_name(Action action) {
  return action == Action::keep ? "keep" : "remove";
}

Total total_of(const Plan& plan, Action action) {
  Total total;
  for (const auto& decision : plan) {
    if (decision.action != action) continue;
    ++total.backups;
    total.bytes += decision.candidate.size_bytes;
  }
  return total;
}

}  // namespace bkp::retention
