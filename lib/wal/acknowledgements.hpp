#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wal/source_file.hpp"

namespace bkp::wal {

/// Notes on files that a run of wal-push archived beside the one it was asked for, so that the runs
/// that the server starts for those have nothing to do. A note holds for the very same file (see
/// SourceFile::identity) only, and says on which stores it is durable.
class Acknowledgements {
 public:
  explicit Acknowledgements(std::filesystem::path directory) : m_directory{std::move(directory)} {}

  /// `places` are the URLs of all stores that have it. What cannot be noted is not: the file is
  /// then archived again, and found to be there.
  void add(const SourceFile& file, const std::vector<std::string>& places) const noexcept;

  /// Whether a note says that the file is in all of `places`.
  bool holds(const SourceFile& file, const std::vector<std::string>& places) const;
  /// As holds(). The note is gone then, and so are those on
  /// files before this one.
  bool take(const SourceFile& file, const std::vector<std::string>& places) const;

 private:
  std::filesystem::path m_directory;
};

}  // namespace bkp::wal
