#include "physical/parent.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backup/chain.hpp"
#include "backup/repository.hpp"
#include "backup/wal_need.hpp"
#include "pg/connection.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::physical {

using catalog::BackupRecord;

namespace {

/// Where the server is.
struct Position {
  std::string system_identifier;
  std::uint32_t timeline = 0;
  pg::Lsn redo;  ///< of its last checkpoint
};

Position position_of(run::Context& context) {
  auto connection = pg::Connection::open(context.cluster(), context.interrupt);
  const auto row = connection.exec(
      "select s.system_identifier::text, c.timeline_id, c.redo_lsn "
      "from pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c");
  const auto redo = pg::parse_lsn(row.text(0, 2));
  return {std::string{row.text(0, 0)}, static_cast<std::uint32_t>(row.integer(0, 1)),
          redo.value_or(pg::Lsn{})};
}

class Choice {
 public:
  Choice(run::Context& context, const ChainLimit& limit, const std::vector<std::string>& stores)
      : m_context{context}, m_limit{limit}, m_targets{stores}, m_position{position_of(context)} {
    if (!m_targets.empty()) return;
    for (const auto& store : context.config.stores) m_targets.push_back(store.name);
  }

  ParentChoice run() {
    m_backups = backup::list_backups(m_context, {});
    list_stores();
    m_result.why_none = "there is no physical backup of this server yet";
    for (const auto& [need, record] : newest_first()) {
      if (fits(*record, need)) break;
      // Why the newest one does not do says more than why an old one does not.
      if (m_reason.empty()) continue;
      m_result.why_none = m_reason;
    }
    return std::move(m_result);
  }

 private:
  struct Candidate {
    backup::WalNeed need;
    const BackupRecord* record;
  };

  /// By WAL, which only grows, and not by a clock, which may have been set back.
  std::vector<Candidate> newest_first() const {
    std::vector<Candidate> candidates;
    for (const auto& record : m_backups) {
      if (const auto need = backup::wal_need(record)) candidates.push_back({*need, &record});
    }
    std::ranges::stable_sort(candidates, std::greater{}, [](const auto& candidate) {
      return std::pair{candidate.need.timeline, candidate.need.start};
    });
    return candidates;
  }

  bool fits(const BackupRecord& record, const backup::WalNeed& need) {
    if (need.timeline != m_position.timeline) {
      return passed_over(record, fmt::format("it is of timeline {}, and the server on {}",
                                             need.timeline, m_position.timeline));
    }
    if (need.start > m_position.redo)
      return passed_over(record, "the server is not as far as it was then");
    if (!backup::is_chain_sound(record, m_backups)) {
      return passed_over(
          record, "it, or what it is built on, failed a verification, is damaged or is gone");
    }
    const auto chain = backup::chain_of(record, m_backups);
    for (const auto* one : chain) {
      if (!is_there(*one)) return passed_over(record, one->label + " is not there any more");
      if (const auto store = store_without(*one); !store.empty())
        return passed_over(record, fmt::format("store {} has no copy of {}", store, one->label));
    }
    const auto& full = *chain.back();
    const auto incrementals = chain.size() - 1;
    std::string why;
    auto map = PageMap::open(page_map_directory(m_context), record.label, why);
    if (!map) return passed_over(record, why);
    if (map->backup().system_identifier != m_position.system_identifier)
      return passed_over(record, "it is of another server");
    if (map->backup().manifest_sha256 != record.checksum_sha256)
      return passed_over(record, "it is not the backup of which this host knows the pages");
    if (m_limit.incrementals > 0 &&
        incrementals >= static_cast<std::size_t>(m_limit.incrementals)) {
      m_result.why_none =
          fmt::format("there are {} incremental backups since {}", incrementals, full.label);
      return true;
    }
    if (m_limit.age.count() > 0 && m_context.clock.now() - full.started_at >= m_limit.age) {
      m_result.why_none =
          fmt::format("{} is older than {}", full.label, util::format_duration(m_limit.age));
      return true;
    }
    m_result.parent.emplace(Parent{record, std::move(*map)});
    return true;
  }

  bool passed_over(const BackupRecord& record, std::string_view why) {
    m_context.log.debug("{} is passed over: {}", record.label, why);
    if (m_reason.empty()) m_reason = fmt::format("{} cannot be built on: {}", record.label, why);
    return false;
  }

  /// The catalog does not hear of it when hands remove a backup.
  bool is_there(const BackupRecord& record) const {
    return std::ranges::any_of(m_stores, [&](const auto& store) {
      return record.complete_copy_on(store.name) != nullptr && store.labels.contains(record.label);
    });
  }

  void list_stores() {
    const backup::Layout layout{m_context.config.site};
    for (const auto& store : m_context.open_stores().stores) {
      try {
        const auto names = store.store->names(layout.backups());
        m_stores.push_back({store.name, {names.begin(), names.end()}});
      } catch (const util::Error& error) {
        if (error.kind() == util::ErrorKind::interrupted) throw;
        m_context.warn(fmt::format("store {} cannot be listed: {}", util::quoted(store.name),
                                   error.full_message()));
      }
    }
  }

  /// The first that would be written to and lacks the backup for good; empty when none does.
  std::string store_without(const BackupRecord& record) const {
    const auto lacks = [&](const auto& store) {
      return record.complete_copy_on(store) == nullptr && !record.copy_failed_on(store);
    };
    const auto store = std::ranges::find_if(m_targets, lacks);
    return store == m_targets.end() ? std::string{} : *store;
  }

  struct Listed {
    std::string name;
    std::set<std::string> labels;
  };

  run::Context& m_context;
  const ChainLimit& m_limit;
  std::vector<std::string> m_targets;
  Position m_position;
  std::vector<BackupRecord> m_backups;
  std::vector<Listed> m_stores;
  std::string m_reason;
  ParentChoice m_result;
};

}  // namespace

ParentChoice choose_parent(run::Context& context, const ChainLimit& limit,
                           const std::vector<std::string>& stores) {
  return Choice{context, limit, stores}.run();
}

}  // namespace bkp::physical
