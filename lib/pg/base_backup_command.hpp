#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pg/conninfo.hpp"
#include "pg/lsn.hpp"
#include "util/interrupt.hpp"

namespace bkp::pg {

/// The replication command BASE_BACKUP (PostgreSQL's documentation, "Streaming Replication
/// Protocol"): in the old syntax and with one COPY stream an archive to servers of version 14, in
/// the new one and with a single stream of messages from 15 on.

struct StreamedTablespace {
  std::uint32_t oid = 0;
  std::string path;
};

/// Who hears the backup, in this order.
struct BaseBackupHearer {
  /// Recovery will begin at `start`. The tablespaces beside the default ones.
  std::function<void(Lsn start, std::uint32_t timeline,
                     const std::vector<StreamedTablespace>& tablespaces)>
      begin;
  /// A tar archive begins: of a tablespace, or (nullopt) of the data directory, with backup_label
  /// and tablespace_map in it. Entries are below the directory it is of.
  std::function<void(std::optional<std::uint32_t> tablespace)> archive;
  std::function<void(std::span<const std::byte> bytes)> data;  ///< of it
};

struct StreamedBackup {
  Lsn stop;                      ///< where it is consistent
  bool checksum_failed = false;  ///< the server found pages whose checksum does not match
};

/// Takes one with a checkpoint at once; page checksums are verified by the server, which reads a
/// page again that it may just be writing. Does not wait for the WAL. Throws DatabaseError: the
/// role must have REPLICATION, and pg_hba.conf let it in. What a hearer throws ends the backup.
StreamedBackup stream_base_backup(const Conninfo& server, const std::string& label,
                                  const BaseBackupHearer& hearer, const util::Interrupt& interrupt);

}  // namespace bkp::pg
