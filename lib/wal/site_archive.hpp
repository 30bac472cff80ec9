#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pg/wal_event.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"
#include "wal/archive_map.hpp"
#include "wal/decoding.hpp"
#include "wal/path.hpp"

namespace bkp::wal {

/// The archive of all stores that answer, for whoever plans a recovery.
class SiteArchive {
 public:
  /// Stores that cannot be read are left out, with a warning. Throws the first failure when none
  /// can be.
  SiteArchive(run::Context& context, const run::ReadingKeys& keys);

  const ArchiveMap& map() const { return m_map; }
  /// As stored, of these segments of the path.
  std::uint64_t stored_bytes(const WalPath& path, std::uint64_t first, std::uint64_t last) const;

  /// Throws what a store failed with when none could be read that is sure to have all of the
  /// archive, a required one: a recovery then cannot tell where the archive ends, and
  /// ArchiveReader stops it there.
  void require_whole() const;

  /// Reads the segments and shows each record, in order, until `visit` says that it is enough
  /// (false). Throws Error{damaged} for what cannot be read, Error{key}.
  void read_records(const WalPath& path, std::uint64_t first, std::uint64_t last,
                    const std::function<bool(const pg::WalRecord&)>& visit) const;
  /// The same of the records that are events.
  void read_events(const WalPath& path, std::uint64_t first, std::uint64_t last,
                   const std::function<bool(const pg::WalEvent&)>& visit) const;
  /// The last event in these segments; nullopt when the last 64 of them have none.
  std::optional<pg::WalEvent> newest_event(const WalPath& path, std::uint64_t first,
                                           std::uint64_t last) const;

 private:
  void fetch(const std::string& name, stream::Sink& sink) const;

  run::Context& m_context;
  ArchiveKeys m_keys;
  std::vector<run::NamedStore> m_stores;
  std::vector<run::StoreFailure> m_failures;
  std::vector<Inventory> m_inventories;
  ArchiveMap m_map;
};

}  // namespace bkp::wal
