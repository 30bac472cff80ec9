#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "pg/control_file.hpp"
#include "pg/wal_name.hpp"
#include "stream/sink.hpp"
#include "util/fd.hpp"
#include "util/interrupt.hpp"

namespace bkp::wal {

/// The cluster whose pg_wal is archived.
struct SourceCluster {
  std::uint64_t system_identifier = 0;
  /// Told by the files to archive alone: the store must know it.
  bool unproven = false;
};

/// A file of pg_wal, open.
class SourceFile {
 public:
  /// Throws Error{usage} when the name is none of a file that is archived, Error{store} when it
  /// cannot be read.
  explicit SourceFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return m_path; }
  const std::string& name() const { return m_name; }
  pg::WalFileKind kind() const { return m_kind; }
  std::uint64_t bytes() const { return m_bytes; }
  /// One line that no other file has, nor this one once it was changed or recycled.
  const std::string& identity() const { return m_identity; }

  /// The system identifier in the first page; nullopt where the file is no segment. Throws
  /// Error{damaged} when it is no segment that a server has written.
  std::optional<std::uint64_t> system_identifier() const;
  /// Throws Error{damaged} naming what differs, unless it is what its name says: a segment of this
  /// cluster, timeline and place, and of its full length; or a text of its kind.
  void require_sound(const SourceCluster& cluster) const;
  /// Throws Error{refused} for a segment that a running server may write to yet: it lies in the
  /// server's pg_wal, the server has neither asked for it (.ready) nor had it archived (.done), and
  /// its last checkpoint does not lie behind it.
  void require_finished(const config::Config& config) const;
  /// All of it; `sink` is not finished. Throws Error{damaged} when it is not as long as it was.
  void write_to(stream::Sink& sink, const util::Interrupt& interrupt) const;

 private:
  bool is_segment() const;
  std::string begin(std::size_t bytes) const;

  std::filesystem::path m_path;
  std::string m_name;
  pg::WalFileKind m_kind;
  util::Fd m_file;
  std::uint64_t m_bytes = 0;
  std::string m_identity;
};

/// Asks the data directory that `file` lies in, else the configured one, else the file itself.
/// Throws Error{refused} where none of them knows, Error{damaged} for a broken pg_control.
SourceCluster source_cluster(const SourceFile& file, const config::Config& config);

/// The files beside `path` that wait to be archived after it (archive_status/NAME.ready), in the
/// order in which the server will ask for them, at most `most`. History files are left out: the
/// server asks for them first.
std::vector<std::filesystem::path> waiting_after(const std::filesystem::path& path,
                                                 std::size_t most);

}  // namespace bkp::wal
