#include "pg/base_backup_command.hpp"

#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "pg/connection.hpp"
#include "pg/sqlstate.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;

namespace {

constexpr int first_with_messages = 150000;

class Streaming {
 public:
  Streaming(Connection& connection, const BaseBackupHearer& hearer)
      : m_connection{connection},
        m_hearer{hearer},
        m_by_messages{connection.server_version() >= first_with_messages} {}

  StreamedBackup run(const std::string& label) {
    StreamedBackup backup;
    try {
      m_connection.run_replication_command(command(label), answers());
    } catch (const DatabaseError& error) {
      // Said at the very end, when all has come.
      if (!m_stop || error.sqlstate() != sqlstate::data_corrupted) throw;
      backup.checksum_failed = true;
    }
    if (!m_stop) throw unexpected("it ended without saying where");
    backup.stop = *m_stop;
    return backup;
  }

 private:
  std::string command(const std::string& label) const {
    const auto name = m_connection.literal(label);
    if (!m_by_messages) return fmt::format("BASE_BACKUP LABEL {} FAST NOWAIT TABLESPACE_MAP", name);
    return fmt::format(
        "BASE_BACKUP (LABEL {}, CHECKPOINT 'fast', WAIT false, TABLESPACE_MAP true, "
        "MANIFEST 'no')",
        name);
  }

  Connection::Answers answers() {
    return {.rows = [this](const Result& rows) { take_rows(rows); },
            .copy_begins = [this] { begin_stream(); },
            .copy = [this](std::span<const std::byte> piece) { take_piece(piece); }};
  }

  /// The beginning, the tablespaces, and after the streams the end.
  void take_rows(const Result& rows) {
    if (!m_start) {
      m_start = position(rows);
      m_timeline = static_cast<std::uint32_t>(rows.integer(0, 1));
    } else if (!m_listed) {
      m_listed = true;
      take_tablespaces(rows);
      m_hearer.begin(*m_start, m_timeline, m_tablespaces);
    } else {
      m_stop = position(rows);
    }
  }

  static Lsn position(const Result& rows) {
    const auto lsn = parse_lsn(rows.single());
    if (!lsn) throw unexpected("a position is no LSN");
    return *lsn;
  }

  void take_tablespaces(const Result& rows) {
    for (int row = 0; row < rows.rows(); ++row) {
      if (rows.is_null(row, 0)) {
        m_archives.emplace_back(std::nullopt);
        continue;
      }
      const auto oid = static_cast<std::uint32_t>(rows.integer(row, 0));
      m_archives.emplace_back(oid);
      m_tablespaces.push_back({oid, std::string{rows.text(row, 1)}});
    }
  }

  /// A version 14 sends one for each row of its list, in that order.
  void begin_stream() {
    if (m_by_messages) return;
    if (m_next == m_archives.size()) throw unexpected("it has more archives than it said");
    m_hearer.archive(m_archives[m_next++]);
  }

  void take_piece(std::span<const std::byte> piece) {
    if (!m_by_messages) return m_hearer.data(piece);
    if (piece.empty()) throw unexpected("a message is empty");
    const auto kind = std::to_integer<char>(piece.front());
    const auto rest = piece.subspan(1);
    if (kind == 'n') return m_hearer.archive(archive_named(rest));
    if (kind == 'd') return m_hearer.data(rest);
    if (kind != 'p') throw unexpected(fmt::format("a message is of the kind '{}'", kind));
  }

  /// "base.tar", "16400.tar"; ended by a zero byte.
  static std::optional<std::uint32_t> archive_named(std::span<const std::byte> message) {
    const std::string_view text{reinterpret_cast<const char*>(message.data()), message.size()};
    const auto name = text.substr(0, text.find('\0'));
    if (name == "base.tar") return std::nullopt;
    std::uint32_t oid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), oid);
    const auto rest = name.substr(static_cast<std::size_t>(end - name.data()));
    if (error != std::errc{} || rest != ".tar")
      throw unexpected("an archive is called " + util::quoted(name));
    return oid;
  }

  static Error unexpected(std::string_view what) {
    return {ErrorKind::database,
            fmt::format("the server's base backup is not understood: {}", what),
            "is it a PostgreSQL of version 14 to 18, and nothing between that changes what it "
            "says?"};
  }

  Connection& m_connection;
  const BaseBackupHearer& m_hearer;
  bool m_by_messages;
  std::optional<Lsn> m_start;
  std::uint32_t m_timeline = 0;
  bool m_listed = false;
  std::vector<StreamedTablespace> m_tablespaces;
  std::vector<std::optional<std::uint32_t>> m_archives;
  std::size_t m_next = 0;
  std::optional<Lsn> m_stop;
};

}  // namespace

StreamedBackup stream_base_backup(const Conninfo& server, const std::string& label,
                                  const BaseBackupHearer& hearer,
                                  const util::Interrupt& interrupt) {
  auto connection = Connection::open(server.with("replication", "true"), interrupt);
  return Streaming{connection, hearer}.run(label);
}

}  // namespace bkp::pg
