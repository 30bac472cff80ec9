#pragma once

#include <optional>
#include <string>

#include "pg/wal_reader.hpp"
#include "store/store.hpp"
#include "util/interrupt.hpp"
#include "wal/decoding.hpp"

namespace bkp::wal {

/// Reads the files of one store's archive, those of each timeline in their order, and proves each:
/// where it can be opened every page and record of the WAL, and that they are linked; else the
/// bytes as they are stored. Not for concurrent use.
class ContentCheck {
 public:
  ContentCheck(store::Store& store, std::string site, const ArchiveKeys& keys,
               const util::Interrupt& interrupt);

  /// What is wrong with the file; nullopt when nothing is. Throws what the store throws.
  std::optional<std::string> check(const ArchivedName& name);
  /// Every file so far could be opened.
  bool opened() const { return m_opened; }

 private:
  void open(const ArchivedName& name);

  store::Store& m_store;
  std::string m_site;
  const ArchiveKeys& m_keys;
  const util::Interrupt& m_interrupt;
  bool m_opened = true;
  std::optional<pg::WalReader> m_reader;  ///< of the WAL up to m_before
  std::string m_before;                   ///< the segment that was read last
};

}  // namespace bkp::wal
