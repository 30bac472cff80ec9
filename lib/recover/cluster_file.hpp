#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "util/fd.hpp"

namespace bkp::recover {

/// How files are written, and what came of it. Any thread.
struct FileWriting {
  /// What a file has already is compared, and written only where it differs: for a directory that
  /// holds an older or a damaged copy of the cluster.
  bool reuse = false;
  std::atomic<std::uint64_t> bytes = 0;   ///< of the files; twice where a damaged copy came first
  std::atomic<std::uint64_t> reused = 0;  ///< of them, that were there and right
};

/// A file of a cluster that is being restored.
class ClusterFileWriter {
 public:
  /// Makes it, empty; or opens what is there, where that is reused. A link is not followed.
  static ClusterFileWriter make(std::filesystem::path path, unsigned mode, FileWriting& writing);
  /// One that was made before.
  static ClusterFileWriter open(std::filesystem::path path, FileWriting& writing);

  /// Of what comes in its order; what lies before `offset` has been written.
  void write(std::span<const std::byte> bytes, std::uint64_t offset);
  /// Of what has gaps that are filled later. The disk is left alone: it would be given the pieces
  /// one by one, each in a place of its own, far from what comes between them.
  void write_scattered(std::span<const std::byte> bytes, std::uint64_t offset);
  void set_size(std::uint64_t bytes);
  void close() { m_file.close(m_path.string()); }

 private:
  ClusterFileWriter(std::filesystem::path path, util::Fd file, FileWriting& writing);
  void let_disk_begin(std::uint64_t end);
  bool is_there(std::span<const std::byte> bytes, std::uint64_t offset);

  std::filesystem::path m_path;
  util::Fd m_file;
  FileWriting* m_writing;
  std::vector<std::byte> m_found;  ///< what is there, to be compared
  std::uint64_t m_sent = 0;        ///< bytes, from the start, that the disk was given
};

}  // namespace bkp::recover
