#pragma once

#include <sys/stat.h>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "backup/manifest.hpp"
#include "pg/lsn.hpp"
#include "pg/page_checksum.hpp"
#include "physical/cluster_files.hpp"
#include "physical/data_file.hpp"
#include "run/context.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"

namespace bkp::physical {

/// How the files of a cluster are read.
struct ReadingRules {
  std::filesystem::path data;       ///< the data directory
  bool page_checksums = false;      ///< pages have checksums: verify them
  pg::Lsn start;                    ///< pages that are younger are written again by recovery
  std::uint32_t segment_pages = 0;  ///< of a relation's file
};

/// Bytes that are read at a time.
inline constexpr std::size_t piece_size = 128 * pg::page_size;

/// Throws Error{refused} for a server that was built with pages of another size.
void require_known_page_size(std::uint64_t bytes);

/// Whether the page's checksum matches, as block of that file of the relation; a page that recovery
/// writes again need not.
bool has_good_checksum(pg::Page page, const RelationFile& relation, std::uint64_t block,
                       const ReadingRules& rules);

/// One file of a cluster whose server may be writing to it.
class PageReader {
 public:
  /// nullopt when it has vanished. Throws Error{store} when it cannot be opened.
  static std::optional<PageReader> open(const run::Context& context, const ReadingRules& rules,
                                        const ClusterFile& file);

  /// As it was when it was opened.
  std::uint64_t bytes() const { return m_bytes; }
  util::Time modified() const { return m_modified; }
  /// What relation it is of, if of any.
  const std::optional<RelationFile>& relation() const { return m_relation; }

  /// Fills the piece from `offset` on; where the file has been cut off meanwhile with zeroes, since
  /// recovery cuts it off again. A page whose checksum does not match is read again, for the server
  /// may just be writing it; when it never matches it is added to `bad_pages`, and stays as it is.
  void read(std::span<std::byte> piece, std::uint64_t offset,
            std::vector<backup::BadPage>& bad_pages) const;
  /// The same without a look at checksums.
  void read(std::span<std::byte> piece, std::uint64_t offset) const;

 private:
  PageReader(const run::Context& context, const ReadingRules& rules, const ClusterFile& file);

  std::size_t read_some(std::span<std::byte> piece, std::uint64_t offset) const;
  bool read_again(std::span<std::byte, pg::page_size> page, std::uint64_t offset,
                  std::uint64_t block) const;
  util::Error failed(int error_number) const;

  const run::Context& m_context;
  const ReadingRules& m_rules;
  const ClusterFile& m_file;
  std::filesystem::path m_path;
  std::optional<RelationFile> m_relation;
  util::Fd m_fd;
  std::uint64_t m_bytes = 0;
  util::Time m_modified;
};

}  // namespace bkp::physical
