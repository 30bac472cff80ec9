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
/// replaced, in `journal` a line for each file, {"path", "mode", "owner", "group"}, "mode" null for
/// one that was not there; and at the end {"committing": true}, {"done": true}. Locked with
/// flock(2) as long as the restore lives.
class RestoreJournal {
 public:
  explicit RestoreJournal(std::filesystem::path directory);
  ~RestoreJournal();
  RestoreJournal(const RestoreJournal&) = delete;
  RestoreJournal& operator=(const RestoreJournal&) = delete;

  const std::filesystem::path& directory() const { return m_directory; }
  /// Before `path` is written: keeps `before`, which is null where there is nothing.
  void note(const std::filesystem::path& path, const Entry* before);
  /// From here on nothing is taken back.
  void commit();
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
  bool committing = false;      ///< the files are new, the rows of some database may be
  std::vector<Entry> replaced;  ///< oldest first: what was there
  std::vector<std::filesystem::path> created;  ///< where nothing was
};

/// Those of the site that nobody is at.
std::vector<UnfinishedRestore> find_unfinished(const config::Config& config);

/// Puts back what was there, newest first, unless it was committing; it is finished then. Throws
/// what write_entry() throws.
void take_back(const UnfinishedRestore& restore);

}  // namespace bkp::exports
