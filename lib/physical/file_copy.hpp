#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "physical/backup_manifest.hpp"
#include "physical/changed_pages.hpp"
#include "physical/page_map.hpp"
#include "physical/page_reader.hpp"
#include "physical/tar.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// One file as it went into a backup.
struct CopiedFile {
  ManifestFile stored;  ///< as it is in the tar
  ManifestFile whole;   ///< as it is once restored; differs where only pages are stored
  std::vector<PageMark> pages;
  bool by_pages = false;  ///< a relation's, of whole pages
};

/// Whether the pages of a file are told from each other: one of a relation, of whole pages. An
/// init fork is small, and whole at once.
bool is_kept_by_pages(const std::optional<RelationFile>& relation, std::uint64_t bytes);

/// The backup before, for an incremental one.
struct PagesBefore {
  PageMap map;
  std::unique_ptr<const ChangedPages> changed;
};

/// Copies a file into the tar, as long as it is when it is opened (see PageReader::read()). With
/// `before` only its changed pages, where that backup has the file and it can be told by pages.
/// nullopt when the file has vanished. Throws Error{store} when it cannot be read.
std::optional<CopiedFile> copy_file(const run::Context& context, const ReadingRules& rules,
                                    const ClusterFile& file, const PagesBefore* before,
                                    TarWriter& tar, std::vector<backup::BadPage>& bad_pages);

}  // namespace bkp::physical
