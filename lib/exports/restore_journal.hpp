#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "exports/contents.hpp"
#include "util/fd.hpp"

namespace bkp::exports {

/// What a restore does to files, noted before it does it, so that the next run can take back what
/// one that was killed has begun. A directory of its own, which stays: below `files` is what was
/// replaced, in `journal` a line for each file, {"path", "mode", "owner", "group", "sha256"},
/// "mode" null for one that was not there, "sha256" of what is written; and at the end
/// {"committing": true or, where that failed, false}, {"done": true}. Locked with flock(2) as long
/// as the restore lives.
class RestoreJournal {
 public:
  explicit RestoreJournal(std::filesystem::path directory);
  ~RestoreJournal();
  RestoreJournal(const RestoreJournal&) = delete;
  RestoreJournal& operator=(const RestoreJournal&) = delete;

  /// Before `wanted` is written: keeps `before`, which is null where there is nothing.
  void note(const Entry& wanted, const Entry* before);
  /// Whether it is too late to take anything back.
  void set_committing(bool committing);
  /// The restore has come to its end, whatever that was.
  void close();

 private:
  void append(const std::string& line);

  std::filesystem::path m_directory;
  util::Fd m_file;
};

/// A restore that was killed.
struct UnfinishedRestore {
  std::filesystem::path directory;
  bool committing = false;  ///< the files are new, the rows of some database may be
  struct Written {
    Entry before;  ///< what was there; without contents, which are kept
    bool was_there = false;
    std::string written;  ///< SHA-256 of what was to be written
  };
  std::vector<Written> files;  ///< oldest first
};

/// Those of the site that nobody is at.
std::vector<UnfinishedRestore> find_unfinished(const config::Config& config);

/// Puts back what was there, newest first, unless it was committing, and returns the paths; it is
/// finished then. What is not any more as it was written, or was not kept, stays. Throws what
/// write_entry() throws.
std::vector<std::string> take_back(const UnfinishedRestore& restore);

}  // namespace bkp::exports
