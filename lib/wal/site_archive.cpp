#include "wal/site_archive.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/site_file.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/required_store.hpp"
#include "wal/segment_sink.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::uint64_t most_searched = 64;

}  // namespace

SiteArchive::SiteArchive(run::Context& context, const run::ReadingKeys& keys)
    : m_context{context}, m_keys{archive_keys(keys)} {
  auto opened = backup::open_stores_of_site(context);
  if (opened.stores.empty()) throw Error{opened.failures.front().error};
  for (const auto& failure : opened.failures) {
    context.warn(fmt::format("store {} cannot be read: {}", util::quoted(failure.name),
                             failure.error.message()));
  }
  m_stores = std::move(opened.stores);
  m_failures = std::move(opened.failures);
  for (const auto& named : m_stores)
    m_inventories.push_back(read_inventory(*named.store, context.config.site));
  std::vector<StoreInventory> inventories;
  for (std::size_t i = 0; i < m_stores.size(); ++i)
    inventories.push_back({*m_stores[i].store, m_inventories[i]});
  m_map = map_archive(inventories, context.config.site, m_keys, context.log);
}

std::uint64_t SiteArchive::stored_bytes(const WalPath& path, std::uint64_t first,
                                        std::uint64_t last) const {
  std::uint64_t sum = 0;
  for (auto number = first; number <= last; ++number) {
    const auto name = path.segment(number);
    for (const auto& inventory : m_inventories) {
      const auto found = name ? inventory.files.find(*name) : inventory.files.end();
      if (found == inventory.files.end()) continue;
      sum += found->second.stored_bytes;
      break;
    }
  }
  return sum;
}

void SiteArchive::require_whole() const {
  const auto required_one = [&](const auto& store) {
    return is_required(m_context.config, store.name);
  };
  if (std::ranges::any_of(m_stores, required_one) || m_failures.empty()) return;
  const auto required = std::ranges::find_if(m_failures, required_one);
  const auto& failure = required == m_failures.end() ? m_failures.front() : *required;
  throw Error{failure.error.kind(),
              fmt::format("no required store can be read, so where the archive ends is not known: "
                          "store {}: {}",
                          util::quoted(failure.name), failure.error.message()),
              fmt::format("bring it back; or, when it is lost for good, take it out of `stores` in "
                          "{}, or say `required: false` of it and `required: true` of one that is "
                          "left",
                          m_context.config.file.string())};
}

void SiteArchive::read_records(const WalPath& path, std::uint64_t first, std::uint64_t last,
                               const std::function<bool(const pg::WalRecord&)>& visit) const {
  bool enough = false;
  std::optional<pg::WalReader> reader;
  const auto see = [&](const pg::WalRecord& record) {
    if (!enough) enough = !visit(record);
  };
  for (auto number = first; number <= last && !enough; ++number) {
    m_context.interrupt.check();
    const auto name = path.segment(number);
    if (!name) return;
    SegmentSink segment{reader, see};
    fetch(*name, segment);
    if (reader->at_end()) return;
  }
}

void SiteArchive::read_events(const WalPath& path, std::uint64_t first, std::uint64_t last,
                              const std::function<bool(const pg::WalEvent&)>& visit) const {
  read_records(path, first, last, [&](const pg::WalRecord& record) {
    const auto event = pg::wal_event(record);
    return !event || visit(*event);
  });
}

std::optional<pg::WalEvent> SiteArchive::newest_event(const WalPath& path, std::uint64_t first,
                                                      std::uint64_t last) const {
  std::optional<pg::WalEvent> newest;
  // Backwards, because the last segment may well be without a transaction; one that begins at the
  // end of a segment goes on in the next.
  const auto bound = std::max(first, last - std::min(last, most_searched - 1));
  for (auto number = last + 1; !newest && number-- > bound;) {
    read_events(path, number, std::min(number + 1, last), [&](const pg::WalEvent& event) {
      newest = event;
      return true;
    });
  }
  return newest;
}

void SiteArchive::fetch(const std::string& name, stream::Sink& sink) const {
  std::optional<Error> failure;
  for (std::size_t i = 0; i < m_stores.size(); ++i) {
    const auto found = m_inventories[i].files.find(name);
    if (found == m_inventories[i].files.end()) continue;
    // What a bad copy gave away cannot be taken back, so it is proven before it is read.
    try {
      check_stored(*m_stores[i].store, m_context.config.site, found->second.name, m_keys);
      fetch_file(*m_stores[i].store, m_context.config.site, found->second.name, m_keys, sink);
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::store) throw;
      failure = error;
    }
  }
  throw failure.value_or(Error{ErrorKind::damaged, name + " has gone from the archive"});
}

}  // namespace bkp::wal
