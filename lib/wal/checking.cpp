#include "wal/checking.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "backup/site_file.hpp"
#include "util/text.hpp"
#include "wal/bringing.hpp"
#include "wal/content_check.hpp"
#include "wal/decoding.hpp"
#include "wal/inventory.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

/// One store while it is looked at.
struct Site {
  run::NamedStore named;
  Inventory inventory;
  std::set<std::string> damaged;
  CheckedStore result;

  bool has(const std::string& name) const { return inventory.files.contains(name); }
  bool good(const std::string& name) const { return has(name) && !damaged.contains(name); }
};

class Check {
 public:
  Check(run::Context& context, const CheckOptions& options)
      : m_context{context},
        m_options{options},
        m_keys{archive_keys(run::reading_keys(context.config))} {}

  CheckedArchive run(const std::vector<KeptBackup>& backups) {
    open_stores();
    for (auto& site : m_sites) take_inventory(*site);
    if (m_options.level == CheckLevel::content) {
      for (auto& site : m_sites) read_contents(*site);
    }
    for (auto& site : m_sites) {
      bring_missing(*site);
      mend(*site);
    }
    for (const auto& [name, archived] : m_all) m_result.names.push_back(name);
    find_lost();
    describe_timelines(backups);
    for (auto& site : m_sites) m_result.stores.push_back(std::move(site->result));
    return std::move(m_result);
  }

 private:
  void open_stores() {
    auto opened = backup::open_stores_of_site(m_context);
    if (opened.stores.empty()) throw Error{opened.failures.front().error};
    for (auto& named : opened.stores) {
      auto site = std::make_unique<Site>();
      site->result.name = named.name;
      site->result.required = named.required;
      site->named = std::move(named);
      m_sites.push_back(std::move(site));
    }
    for (auto& failure : opened.failures) {
      auto& store = m_result.stores.emplace_back();
      store.name = failure.name;
      store.required = failure.required;
      store.failure = failure.error;
      m_context.warn(fmt::format("store {} was not looked at: {}", util::quoted(failure.name),
                                 failure.error.message()));
    }
  }

  void take_inventory(Site& site) {
    site.inventory = read_inventory(*site.named.store, m_context.config.site);
    site.result.files = site.inventory.files.size();
    for (const auto& [name, file] : site.inventory.files) {
      site.result.stored_bytes += file.stored_bytes;
      m_all.emplace(name, file);
    }
    site.result.strange = site.inventory.strange;
  }

  void read_contents(Site& site) {
    ContentCheck check{*site.named.store, m_context.config.site, m_keys, m_context.interrupt};
    run::ProgressStep step{m_context.progress, "reading the WAL on " + site.named.name,
                           site.result.stored_bytes};
    for (const auto& [name, file] : site.inventory.files) {
      if (const auto wrong = check.check(file.name)) {
        site.damaged.insert(name);
        site.result.damaged.push_back({name, *wrong});
      }
      m_context.progress.advance(file.stored_bytes);
    }
    m_result.opened = m_result.opened && check.opened();
  }

  /// From the first other store whose copy proves good; nullopt, or what went wrong last.
  std::optional<Error> bring_from_others(Site& site, const ArchivedName& name) {
    std::optional<Error> failure;
    for (const auto& other : m_sites) {
      const auto found = other->inventory.files.find(name.name);
      if (other.get() == &site || found == other->inventory.files.end() ||
          other->damaged.contains(name.name))
        continue;
      try {
        bring(*other->named.store, *site.named.store, m_context.config.site, found->second.name,
              m_keys);
        site.inventory.files.insert_or_assign(name.name, found->second);
        return std::nullopt;
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) throw;
        failure = error;
      }
    }
    return failure ? failure : Error{ErrorKind::damaged, "no other store has a good copy"};
  }

  void bring_missing(Site& site) {
    const auto window = m_context.config.store(site.named.name).retention.wal;
    const auto oldest = m_context.clock.now() - window;
    for (const auto& [name, file] : m_all) {
      m_context.interrupt.check();
      // Older ones its retention has removed, or would.
      if (site.has(name) || file.modified < oldest) continue;
      const auto& archived = file.name;
      if (m_context.dry_run) {
        site.result.missing.push_back(name);
        continue;
      }
      const auto failure = bring_from_others(site, archived);
      // The server's own push was quicker.
      if (failure && is_there(*site.named.store, name)) continue;
      if (failure) {
        m_context.warn(fmt::format("{} could not be brought to store {}: {}", name,
                                   util::quoted(site.named.name), failure->full_message()));
        site.result.missing.push_back(name);
        // A store that is full or away refuses all of them.
        if (failure->kind() == ErrorKind::store) note_missing_after(site, name);
        if (failure->kind() == ErrorKind::store) return;
      } else {
        site.result.brought.push_back(name);
      }
    }
  }

  void note_missing_after(Site& site, const std::string& name) {
    for (auto next = m_all.upper_bound(name); next != m_all.end(); ++next) {
      if (!site.has(next->first)) site.result.missing.push_back(next->first);
    }
  }

  void mend(Site& site) {
    if (!m_options.mend || m_context.dry_run) return;
    for (const auto& [name, error] : site.result.damaged) {
      const auto elsewhere = std::ranges::any_of(m_sites, [&site, &name = name](const auto& other) {
        return other.get() != &site && other->good(name);
      });
      if (!elsewhere) continue;
      const auto archived = site.inventory.files.at(name).name;
      site.named.store->remove(archive_key(m_context.config.site, name, archived.sealing));
      if (const auto failure = bring_from_others(site, archived)) {
        m_context.warn(fmt::format("{} could not be mended on store {}: {}", name,
                                   util::quoted(site.named.name), failure->full_message()));
        continue;
      }
      site.damaged.erase(name);
      site.result.mended.push_back(name);
    }
    std::erase_if(site.result.damaged,
                  [&](const DamagedFile& file) { return !site.damaged.contains(file.name); });
  }

  void find_lost() {
    for (const auto& [name, archived] : m_all) {
      const bool good = std::ranges::any_of(
          m_sites, [&name = name](const auto& site) { return site->good(name); });
      if (good) continue;
      for (const auto& site : m_sites) {
        const auto found = std::ranges::find(site->result.damaged, name, &DamagedFile::name);
        if (found == site->result.damaged.end()) continue;
        m_result.lost.push_back(*found);
        break;
      }
    }
  }

  void describe_timelines(const std::vector<KeptBackup>& backups) {
    std::vector<StoreInventory> inventories;
    for (const auto& site : m_sites) inventories.push_back({*site->named.store, site->inventory});
    const auto archive = map_archive(inventories, m_context.config.site, m_keys, m_context.log);
    const auto size = archive.segment_size;
    for (const auto& [timeline, segments] : archive.segments) {
      const auto name = [&, timeline = timeline](std::uint64_t number) {
        return pg::wal_segment_name({timeline, number}, size);
      };
      m_result.timelines.push_back({timeline, name(segments.begin()->first),
                                    name(segments.rbegin()->first), segments.size(),
                                    segments.rbegin()->second});
    }
    find_missing_histories(archive);
    std::vector<BackupWal> needed;
    for (const auto& backup : backups) {
      const auto number = [&](std::uint64_t lsn) {
        return pg::wal_segment_at(backup.need.timeline, pg::Lsn{lsn}, size).number;
      };
      needed.push_back({backup.label, backup.need.timeline, number(backup.need.start.value),
                        number(backup.need.stop.value - 1), backup.started_at});
    }
    for (const auto& gap : find_gaps(archive, needed, keep_after())) {
      if (is_filled(gap, size)) continue;
      const auto* bridge = bridge_of(gap, needed);
      m_result.gaps.push_back({pg::wal_segment_name({gap.timeline, gap.first}, size),
                               pg::wal_segment_name({gap.timeline, gap.last}, size),
                               static_cast<std::size_t>(gap.last - gap.first + 1), gap.label,
                               bridge ? std::optional{bridge->label} : std::nullopt,
                               bridge && bridge->started_at >= promised_since()});
    }
  }

  /// Without it no recovery finds its way from the timeline before.
  void find_missing_histories(const ArchiveMap& archive) {
    for (const auto& [timeline, segments] : archive.segments) {
      const auto name = pg::wal_history_name(timeline);
      if (timeline == 1 || archive.origins.contains(timeline) || m_all.contains(name)) continue;
      m_result.lost.push_back(
          {name, fmt::format("{} is in no store, and there are segments of its timeline", name)});
    }
  }

  /// A server that archives several files at once may have filled it since the stores were listed.
  bool is_filled(const WalGap& gap, pg::WalSegmentSize size) {
    for (auto number = gap.first; number <= gap.last; ++number) {
      const auto name = pg::wal_segment_name({gap.timeline, number}, size);
      const bool there = std::ranges::any_of(
          m_sites, [&](const auto& site) { return is_there(*site->named.store, name); });
      if (!there) return false;
    }
    return true;
  }

  bool is_there(store::Store& store, const std::string& name) const {
    return find_archived(store, m_context.config.site, name).has_value();
  }

  /// The shortest window of all stores: a hole older than that may be retention's work.
  util::Time keep_after() const {
    const auto& stores = m_context.config.stores;
    const auto shortest = std::ranges::min_element(
        stores, {}, [](const config::Store& store) { return store.retention.wal; });
    return m_context.clock.now() - shortest->retention.wal;
  }

  /// The longest window: what began before it retention may have cut, and nobody was promised.
  util::Time promised_since() const {
    const auto& stores = m_context.config.stores;
    const auto longest = std::ranges::max_element(
        stores, {}, [](const config::Store& store) { return store.retention.wal; });
    return m_context.clock.now() - longest->retention.wal;
  }

  run::Context& m_context;
  const CheckOptions& m_options;
  ArchiveKeys m_keys;
  std::vector<std::unique_ptr<Site>> m_sites;
  std::map<std::string, ArchivedFile> m_all;  ///< as the first store that has it has it
  CheckedArchive m_result;
};

}  // namespace

CheckedArchive check_archive(run::Context& context, const CheckOptions& options,
                             const std::vector<KeptBackup>& backups) {
  return Check{context, options}.run(backups);
}

}  // namespace bkp::wal
