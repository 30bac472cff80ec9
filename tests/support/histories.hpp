#pragma once

#include <random>
#include <string>
#include <vector>

#include "retention/plan.hpp"

namespace bkp::test {

inline const util::Time k_now = util::parse_time("2026-11-20T12:30:00Z");

/// A good, unverified dump of `database`, made `age` before k_now.
inline retention::Candidate dump(std::chrono::seconds age, const std::string& database = "x121") {
  retention::Candidate candidate;
  candidate.started_at = k_now - age;
  candidate.label = util::format_compact(candidate.started_at) + "-full-" + database;
  candidate.backup_type = "full";
  candidate.method = "dump";
  candidate.database_name = database;
  candidate.size_bytes = 1000;
  return candidate;
}

/// All calendar rules off.
inline config::RetentionPolicy no_rules() {
  return {.hourly = 0, .daily = 0, .weekly = 0, .monthly = 0, .quarterly = 0};
}

/// What a plan keeps, in its order.
inline std::vector<retention::Candidate> survivors(const retention::Plan& plan) {
  std::vector<retention::Candidate> kept;
  for (const auto& decision : plan) {
    if (decision.action == retention::Action::keep) kept.push_back(decision.candidate);
  }
  return kept;
}

/// Random histories: several series, incrementals with parents, gaps, failures, holds,
/// verifications, doubts, wrong clocks. The same seed gives the same history.
class HistoryMaker {
 public:
  explicit HistoryMaker(unsigned seed) : m_random{seed} {}

  std::vector<retention::Candidate> history() {
    std::vector<retention::Candidate> all;
    for (const auto* database : {"quiet", "busy", "x121"}) add_dumps(all, database);
    add_chains(all);
    std::shuffle(all.begin(), all.end(), m_random);
    return all;
  }

  config::RetentionPolicy policy() {
    return {.last = up_to(3),
            .within = std::chrono::hours{chance(30) ? up_to(100) : 0},
            .hourly = chance(50) ? up_to(30) : 0,
            .daily = chance(50) ? up_to(40) : 0,
            .weekly = chance(50) ? up_to(20) : 0,
            .monthly = up_to(12) + 1,
            .quarterly = chance(50) ? up_to(8) : 0,
            .yearly = chance(20) ? up_to(4) : 0};
  }

  bool chance(int percent) { return up_to(99) < percent; }
  int up_to(int largest) { return std::uniform_int_distribution<int>{0, largest}(m_random); }

 private:
  void decorate(retention::Candidate& candidate) {
    using retention::State;
    if (chance(8)) candidate.state = State::failed;
    if (chance(2)) candidate.state = State::running;
    if (candidate.state != State::good) return;
    candidate.verified = chance(20);
    candidate.doubted = !candidate.verified && chance(10);
    if (chance(4)) {
      candidate.held_until = k_now + std::chrono::hours{up_to(200) - 100};
      candidate.hold_reason = "audit";
    }
  }

  void add_dumps(std::vector<retention::Candidate>& all, const std::string& database) {
    auto age = std::chrono::minutes{up_to(100 * 24 * 60) - 600};
    const int count = up_to(40);
    const int step = 1 + up_to(4 * 24 * 60);
    for (int made = 0; made < count; ++made) {
      all.push_back(dump(age, database));
      decorate(all.back());
      age += std::chrono::minutes{1 + up_to(step)};
    }
  }

  void add_chains(std::vector<retention::Candidate>& all) {
    std::optional<std::string> parent;
    auto age = std::chrono::minutes{150 * 24 * 60};
    for (int made = 0; made < 40 && age > std::chrono::minutes{0}; ++made) {
      auto candidate = dump(age, "");
      candidate.database_name.reset();
      const bool full = !parent || chance(15);
      candidate.backup_type = full ? "full" : "incremental";
      candidate.method = full ? "base" : "pages";
      if (!full) candidate.parent_label = parent;
      decorate(candidate);
      parent = candidate.label;
      all.push_back(std::move(candidate));
      age -= std::chrono::minutes{1 + up_to(8 * 24 * 60)};
    }
  }

  std::mt19937 m_random;
};

}  // namespace bkp::test
