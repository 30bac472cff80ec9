#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/exports.hpp"
#include "exports/contents.hpp"
#include "exports/restore_journal.hpp"

namespace bkp::exports {

/// A file or directory that is to be again what it was.
struct FilePlan {
  std::string section;
  Entry wanted;
  std::optional<Entry> live;  ///< nullopt: there is none
};

/// nullopt where the file is as it was; a directory that is there, whatever it is, is too. What a
/// section has redacted is filled from the file that is there. Throws Error{refused} where that is
/// not possible, or a link is on the way; where the file is somebody else's and this is not root;
/// and as read_file_entry().
std::optional<FilePlan> plan_file(const Section& section, const Entry& exported);

/// Writes files one after the other, each noted in the journal before.
class FileRestore {
 public:
  explicit FileRestore(RestoreJournal& journal) : m_journal{journal} {}

  /// Throws Error{refused} when the file is not as planned any more, and as write_entry().
  void write(const FilePlan& plan);
  /// Takes back all that was written; false when that is not possible.
  bool undo() noexcept;

 private:
  RestoreJournal& m_journal;
  std::vector<FilePlan> m_written;
};

}  // namespace bkp::exports
