#include "wal/archive_map.hpp"

#include "pg/timeline_history.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

class Mapping {
 public:
  Mapping(const std::vector<StoreInventory>& stores, const std::string& site,
          const ArchiveKeys& keys, util::Log& log)
      : m_stores{stores}, m_site{site}, m_keys{keys}, m_log{log} {}

  ArchiveMap run() {
    m_archive.segment_size = find_segment_size();
    if (m_archive.segment_size == 0) return {};
    for (const auto& [store, inventory] : m_stores) {
      for (const auto& [name, file] : inventory.files) take(name, file);
    }
    return std::move(m_archive);
  }

 private:
  pg::WalSegmentSize find_segment_size() const {
    std::optional<Error> failure;
    for (const auto& [store, inventory] : m_stores) {
      for (const auto& [name, file] : inventory.files) {
        if (pg::parse_wal_name(name, pg::smallest_wal_segment)->kind != pg::WalFileKind::segment)
          continue;
        try {
          const auto description = describe(store, m_site, file.name, m_keys);
          if (description && pg::is_wal_segment_size(description->original_bytes))
            return static_cast<pg::WalSegmentSize>(description->original_bytes);
        } catch (const Error& error) {
          if (error.kind() != ErrorKind::damaged) throw;
          failure = error;
        }
      }
    }
    if (failure) throw Error{*failure};
    return 0;
  }

  void take(const std::string& name, const ArchivedFile& file) {
    const auto parsed = pg::parse_wal_name(name, m_archive.segment_size);
    if (!parsed) return;
    if (parsed->kind == pg::WalFileKind::segment)
      m_archive.segments[parsed->timeline].emplace(parsed->number, file.modified);
    if (parsed->kind != pg::WalFileKind::history || m_archive.origins.contains(parsed->timeline))
      return;
    if (const auto text = read_history(name)) {
      const auto last = pg::parse_timeline_history(*text, name).back();
      m_archive.origins[parsed->timeline] = {last.timeline, last.end};
    }
  }

  std::optional<std::string> read_history(const std::string& name) const {
    for (const auto& [store, inventory] : m_stores) {
      const auto found = inventory.files.find(name);
      if (found == inventory.files.end()) continue;
      try {
        stream::StringSink text;
        if (fetch_file(store, m_site, found->second.name, m_keys, text)) return text.take();
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::key) throw;
        m_log.debug("{}", error.full_message());
      }
    }
    return std::nullopt;
  }

  const std::vector<StoreInventory>& m_stores;
  const std::string& m_site;
  const ArchiveKeys& m_keys;
  util::Log& m_log;
  ArchiveMap m_archive;
};

}  // namespace

ArchiveMap map_archive(const std::vector<StoreInventory>& stores, const std::string& site,
                       const ArchiveKeys& keys, util::Log& log) {
  return Mapping{stores, site, keys, log}.run();
}

std::vector<std::uint32_t> line_of(const ArchiveMap& archive, std::uint32_t timeline) {
  std::vector<std::uint32_t> line{timeline};
  for (auto found = archive.origins.find(timeline); found != archive.origins.end();
       found = archive.origins.find(found->second.parent)) {
    line.push_back(found->second.parent);
  }
  return line;
}

}  // namespace bkp::wal
