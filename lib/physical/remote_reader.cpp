#include "physical/remote_reader.hpp"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "pg/base_backup_command.hpp"
#include "pg/sqlstate.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

/// A small file of the stream that is packed anew.
class TextFile final : public stream::Sink {
 public:
  TextFile(std::string path, ClusterPacker& packer) : m_path{std::move(path)}, m_packer{packer} {}
  void write(std::span<const std::byte> data) override { m_text.write(data); }
  void finish() override { m_packer.pack_text(m_path, m_text.text(), m_text.text()); }
  void abort() noexcept override {}

 private:
  std::string m_path;
  ClusterPacker& m_packer;
  stream::StringSink m_text;
};

class RemoteReader {
 public:
  RemoteReader(const run::Context& context, BackupSession& session, ClusterPacker& packer)
      : m_context{context}, m_session{session}, m_packer{packer} {}

  backup::PhysicalProperties run(const std::string& label) {
    ask();
    m_context.log.debug("the server sends the backup through the replication protocol");
    const pg::BaseBackupHearer hearer{
        .begin = [this](pg::Lsn start, std::uint32_t timeline,
                        const auto& tablespaces) { begin(start, timeline, tablespaces); },
        .archive = [this](std::optional<std::uint32_t> tablespace) { begin_archive(tablespace); },
        .data = [this](std::span<const std::byte> bytes) { m_tar->write(bytes); }};
    const run::ProgressStep step{m_context.progress, "copying the cluster", m_cluster_bytes};
    const auto streamed = pg::stream_base_backup(m_session.connection().conninfo(), "bkp " + label,
                                                 hearer, m_context.interrupt);
    end_archive();
    m_physical.stop = streamed.stop;
    m_physical.stopped_at = m_session.now();
    if (streamed.checksum_failed && m_packer.bad_pages().empty()) {
      throw Error{ErrorKind::damaged,
                  "the server found damaged pages, and in what it sent there are none to be seen",
                  "its log names them; take the backup again"};
    }
    return std::move(m_physical);
  }

 private:
  void ask() {
    const auto row = m_session.connection().exec(
        "select database_block_size, blocks_per_segment, bytes_per_wal_segment, "
        "data_page_checksum_version from pg_catalog.pg_control_init()");
    require_known_page_size(static_cast<std::uint64_t>(row.integer(0, 0)));
    m_rules.segment_pages = static_cast<std::uint32_t>(row.integer(0, 1));
    m_physical.wal_segment_size = static_cast<std::uint32_t>(row.integer(0, 2));
    m_rules.page_checksums = m_physical.page_checksums = row.integer(0, 3) != 0;
    m_cluster_bytes = cluster_bytes();
  }

  /// For the progress alone; 0 where the role may not ask.
  std::uint64_t cluster_bytes() {
    try {
      const auto row = m_session.connection().exec(
          "select sum(pg_catalog.pg_tablespace_size(oid))::bigint from pg_catalog.pg_tablespace");
      return static_cast<std::uint64_t>(row.integer(0, 0));
    } catch (const pg::DatabaseError& error) {
      if (error.sqlstate() != pg::sqlstate::insufficient_privilege) throw;
      return 0;
    }
  }

  void begin(pg::Lsn start, std::uint32_t timeline,
             const std::vector<pg::StreamedTablespace>& tablespaces) {
    m_rules.start = m_physical.start = start;
    m_physical.timeline = timeline;
    for (const auto& tablespace : tablespaces)
      m_physical.tablespaces.push_back({tablespace.oid, tablespace.path});
  }

  void begin_archive(std::optional<std::uint32_t> tablespace) {
    end_archive();
    m_prefix = tablespace ? fmt::format("pg_tblspc/{}/", *tablespace) : "";
    if (tablespace) m_packer.pack_directory({fmt::format("pg_tblspc/{}", *tablespace), 0700});
    m_tar.emplace([this](const TarEntry& entry) { return open(entry); });
  }

  /// Servers up to version 14 leave out the two blocks of zeroes; more of them do no harm.
  void end_archive() {
    if (!m_tar) return;
    constexpr std::array<std::byte, 1024> zeroes{};
    m_tar->write(zeroes);
    m_tar->finish();
    m_tar.reset();
  }

  std::unique_ptr<stream::Sink> open(const TarEntry& entry) {
    m_context.interrupt.check();
    const auto path = m_prefix + plain(entry.path);
    if (entry.type == TarEntry::Type::directory) {
      m_packer.pack_directory({path, entry.mode});
      return nullptr;
    }
    if (path == "backup_label" || path == "tablespace_map")
      return std::make_unique<TextFile>(path, m_packer);
    if (is_excluded(path)) return nullptr;
    return m_packer.receive(m_rules, {path, entry.bytes, entry.mode, entry.modified});
  }

  /// The server writes "./pg_wal/archive_status" here and "base/5" there.
  static std::string plain(std::string_view path) {
    if (path.starts_with("./")) path.remove_prefix(2);
    while (path.ends_with('/')) path.remove_suffix(1);
    return std::string{path};
  }

  const run::Context& m_context;
  BackupSession& m_session;
  ClusterPacker& m_packer;
  backup::PhysicalProperties m_physical;
  ReadingRules m_rules;
  std::uint64_t m_cluster_bytes = 0;
  std::string m_prefix;  ///< of the archive's entries
  std::optional<TarReader> m_tar;
};

}  // namespace

backup::PhysicalProperties read_remote(const run::Context& context, BackupSession& session,
                                       const std::string& label, ClusterPacker& packer) {
  return RemoteReader{context, session, packer}.run(label);
}

}  // namespace bkp::physical
