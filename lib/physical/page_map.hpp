#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "backup/outcome.hpp"
#include "pg/lsn.hpp"
#include "physical/page_mark.hpp"
#include "run/context.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"

namespace bkp::physical {

/// The marks of all pages that a backup has, kept on the host that took it. An incremental backup
/// compares with them what the server has now, and so stands on nothing but the bytes themselves:
/// neither on what the server says it has changed, nor on times, sizes or LSNs of files, by which
/// files that were copied, moved there and back, or made anew under an old name would pass for
/// unchanged. They are not in the store: there they would have to be sealed, and the host that
/// takes backups cannot unseal. Where they are lost the next incremental backup is a full one.
///
/// A file LABEL.pages, in this machine's byte order: the marks file by file; a table of contents
/// (JSON); the table's place, its size and the lower half of its XXH3; `format`.

/// The backup that a map is of.
struct MappedBackup {
  std::string label;
  std::string manifest_sha256;
  std::string system_identifier;
  std::uint32_t timeline = 0;
  pg::Lsn start;
  std::vector<backup::BadPage> bad_pages = {};
};

/// A map in the making, under another name until it is finished. Of one that is not, nothing stays.
/// The backup stands without it: where it cannot be written only finish() says so.
class PageMapWriter {
 public:
  PageMapWriter(const std::filesystem::path& directory, const std::string& label);
  ~PageMapWriter();
  PageMapWriter(const PageMapWriter&) = delete;
  PageMapWriter& operator=(const PageMapWriter&) = delete;

  /// Of one file; any thread.
  void add(const std::string& path, std::span<const PageMark> pages) noexcept;
  /// Throws Error{store}, now or for what went wrong before.
  void finish(const MappedBackup& backup);

 private:
  void give_up() noexcept;

  struct Entry {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
  };
  std::filesystem::path m_path;
  std::filesystem::path m_part;
  std::mutex m_mutex;  ///< of what follows
  std::optional<util::Error> m_failure;
  util::Fd m_file;
  std::uint64_t m_marks = 0;
  std::map<std::string, Entry> m_entries;
};

/// Finishes the map of a backup that is committed. The backup stands without it: what goes wrong is
/// a warning in the outcome, behind the `consequence`.
bool finish_page_map(PageMapWriter& pages, backup::Outcome& outcome);

/// A map that is read; the marks stay in the file.
class PageMap {
 public:
  /// nullopt when there is none, or it is no good, with a reason in `why`.
  static std::optional<PageMap> open(const std::filesystem::path& directory,
                                     const std::string& label, std::string& why);
  const MappedBackup& backup() const { return m_backup; }
  /// nullopt when the backup has no such file, or one that is not kept by pages, or what is known
  /// of it cannot be read. Any thread.
  std::optional<std::vector<PageMark>> pages(const std::string& path) const;
  /// The blocks of the file whose checksum did not match then; ascending.
  std::vector<std::uint64_t> bad_blocks(const std::string& path) const;

 private:
  PageMap() = default;

  struct Entry {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
  };
  MappedBackup m_backup;
  util::Fd m_file;
  std::map<std::string, Entry> m_files;
};

/// Removes what killed runs left, and all maps but those of the backups `kept`. Best effort.
void clear_page_maps(const std::filesystem::path& directory, const std::vector<std::string>& kept);

/// Where the page maps of the site are; made by the first that is written.
std::filesystem::path page_map_directory(const run::Context& context);

}  // namespace bkp::physical
