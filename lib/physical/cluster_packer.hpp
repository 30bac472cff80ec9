#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backup/job.hpp"
#include "physical/file_copy.hpp"
#include "physical/part_packer.hpp"
#include "util/first_failure.hpp"

namespace bkp::physical {

/// Packs the files of one cluster into parts, by workers side by side, and keeps account of them.
class ClusterPacker {
 public:
  /// `pages` gets the marks of all pages; `before` as in copy_file(). What is referred to must
  /// outlive it; the targets learn in finish() or abort() what they came to: one that failed a
  /// single worker has no whole backup.
  ClusterPacker(const run::Context& context, const backup::Layout& layout, const backup::Job& job,
                const std::string& label, std::string role, int workers,
                std::vector<backup::Target>& targets, PageMapWriter& pages,
                const PagesBefore* before = nullptr);

  /// Directories, and all files, the largest first.
  void pack(const ReadingRules& rules, ClusterFiles files);
  void pack_file(const ReadingRules& rules, const ClusterFile& file);
  void pack_directory(const ClusterDirectory& directory);
  /// Where the bytes of a file go that comes from elsewhere; it is packed when they are finished,
  /// before anything else is.
  std::unique_ptr<stream::Sink> receive(const ReadingRules& rules, const ClusterFile& file);
  /// `whole` is what becomes of it when the backup is restored.
  void pack_text(const std::string& path, const std::string& text, const std::string& whole);
  /// The last: what pg_verifybackup(1) reads. `manifest` has everything but the files. Beside the
  /// one of what is stored, a backup that has pages only holds that of the cluster as it will be
  /// once it is restored, see complete_manifest_path.
  void pack_manifest(BackupManifest manifest);

  /// The parts, by name.
  std::vector<backup::Part> finish();
  void abort() noexcept;

  const std::vector<backup::BadPage>& bad_pages() const { return m_bad_pages; }
  std::uint64_t files() const { return m_whole.size(); }
  std::uint64_t bytes() const;  ///< of the cluster

 private:
  class Received;
  void pack_next_ones(const ReadingRules& rules, PartPacker& packer);
  void pack_file(const ReadingRules& rules, const ClusterFile& file, PartPacker& packer);
  void note(CopiedFile file, const std::vector<backup::BadPage>& bad_pages);
  ManifestFile write_text(const std::string& path, const std::string& text);
  std::vector<backup::Part> collect() noexcept;

  const run::Context& m_context;
  std::vector<backup::Target>& m_targets;
  PageMapWriter& m_pages;
  const PagesBefore* m_before;
  Packing m_packing;
  std::vector<std::unique_ptr<PartPacker>> m_packers;
  std::vector<ClusterFile> m_files;
  std::atomic<std::size_t> m_next = 0;
  util::FirstFailure m_failure;
  std::mutex m_mutex;  ///< of what follows
  std::vector<ManifestFile> m_stored;
  std::vector<ManifestFile> m_whole;
  std::vector<backup::BadPage> m_bad_pages;
};

/// In an incremental backup: the backup_manifest of the cluster that it describes.
inline constexpr auto complete_manifest_path = "backup_manifest.complete";

}  // namespace bkp::physical
