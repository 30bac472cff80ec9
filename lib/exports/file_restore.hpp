#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "exports/contents.hpp"

namespace bkp::exports {

/// A file that is to be again what it was.
struct FilePlan {
  std::string section;
  Entry wanted;
  std::optional<Entry> live;  ///< nullopt: there is none
};

/// nullopt where the file is as it was. Redacted places of the export are filled from the file that
/// is there. Throws Error{refused} where that is not possible, and as read_file_entry().
std::optional<FilePlan> plan_file(const std::string& section, const Entry& exported);

/// Writes files one after the other. What is replaced is kept in `saved`, below its own path; when
/// one cannot be written, or undo() is called, what was written before is taken back.
class FileRestore {
 public:
  explicit FileRestore(std::filesystem::path saved) : m_saved{std::move(saved)} {}

  /// The mode is that of the export, and the owner where this is root. A link is followed. Throws
  /// Error{refused} when the file is not as planned any more, Error{store}.
  void write(const FilePlan& plan);
  /// Best effort.
  void undo() noexcept;

 private:
  void replace(const FilePlan& plan);

  std::filesystem::path m_saved;
  std::vector<FilePlan> m_written;
};

}  // namespace bkp::exports
