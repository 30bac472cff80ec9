#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "recover/cluster_file_sinks.hpp"
#include "util/fd.hpp"

namespace bkp::recover {

/// A file of a cluster that is being restored.
class ClusterFileWriter {
 public:
  /// Makes it, empty; or opens what is there, where that is reused. A link is not followed.
  static ClusterFileWriter make(std::filesystem::path path, unsigned mode, FileWriting& writing);
  /// One that was made before.
  static ClusterFileWriter open(std::filesystem::path path, FileWriting& writing);

  void write(std::span<const std::byte> bytes, std::uint64_t offset);
  void set_size(std::uint64_t bytes);
  void close() { m_file.close(m_path.string()); }

 private:
  ClusterFileWriter(std::filesystem::path path, util::Fd file, FileWriting& writing);
  void let_disk_begin(std::size_t bytes);
  bool is_there(std::span<const std::byte> bytes, std::uint64_t offset);

  std::filesystem::path m_path;
  util::Fd m_file;
  FileWriting* m_writing;
  std::vector<std::byte> m_found;  ///< what is there, to be compared
  std::uint64_t m_unsent = 0;      ///< bytes that were written since the disk was last given work
};

}  // namespace bkp::recover
