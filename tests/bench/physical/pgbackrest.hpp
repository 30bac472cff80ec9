#pragma once

#include <filesystem>
#include <string>

#include "bench/physical/physical_site.hpp"

namespace bkp::bench {

/// pgBackRest with a repository of its own for the site's cluster: zstd 3, two processes, small
/// files bundled, and changed blocks alone stored where the version has that and calls it ready.
class PgBackRest {
 public:
  explicit PgBackRest(PhysicalSite& site);
  /// Ends what of it still runs in the background.
  ~PgBackRest();
  PgBackRest(const PgBackRest&) = delete;
  PgBackRest& operator=(const PgBackRest&) = delete;

  /// "pgBackRest 2.45, whole files"
  std::string description() const;

  /// For archive_command and restore_command; `async`: many files at a time, in the background.
  std::string archive_push(bool async = false) const;
  std::string archive_get() const;

  /// `type`: full or incr.
  test::Program backup(const std::string& type) const;
  std::string newest_label() const;
  std::filesystem::path newest_backup() const;
  test::Program restore(const std::string& label, const std::filesystem::path& to) const;

  /// As if nothing had been archived, or fetched ahead. What runs in the background is waited for.
  void empty_archive() const;
  void forget_fetched() const;

 private:
  test::Program run(std::vector<std::string> arguments) const;
  std::string command(const std::string& what) const;
  void wait_for_background() const;

  PhysicalSite& m_site;
  std::filesystem::path m_directory;
  bool m_blocks;
};

}  // namespace bkp::bench
