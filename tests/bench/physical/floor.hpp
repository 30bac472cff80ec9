#pragma once

#include <filesystem>

#include "bench/physical/physical_site.hpp"

namespace bkp::bench {

/// The least that there is to do: the data directory without its WAL through tar and zstd, and
/// back. What comes of it while the server runs is no backup.
class Floor {
 public:
  explicit Floor(PhysicalSite& site);

  const std::filesystem::path& file() const { return m_file; }
  test::Program pack() const;
  /// Flushed in the end, as a restore is.
  test::Program unpack(const std::filesystem::path& to) const;
  /// The databases as they are, out of memory for the most part and flushed: what the disk takes.
  test::Program copy(const std::filesystem::path& to) const;

 private:
  PhysicalSite& m_site;
  std::filesystem::path m_file;
};

}  // namespace bkp::bench
