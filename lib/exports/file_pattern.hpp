#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::exports {

/// An absolute path in whose names `*`, `?` and `[..]` stand for what they do in a shell (names
/// that begin with a dot included), and `**` for any number of directories. A directory means all
/// that is below it.
class FilePattern {
 public:
  explicit FilePattern(const std::filesystem::path& pattern);

  /// Names one file or directory, and no others.
  bool is_literal() const;
  /// The directory above the first name that is a pattern; of a literal one the path itself.
  std::filesystem::path root() const;
  bool matches(const std::filesystem::path& path) const;

 private:
  std::vector<std::string> m_names;
};

/// Whether an `exclude` of the configuration says so of a path below `root`: a pattern of one name
/// ("*.pyc") of any name on the way, one of several ("cache/*.tmp") of the end of the path or of a
/// directory on the way, an absolute one of all of it.
bool is_excluded(const std::filesystem::path& path, const std::filesystem::path& root,
                 const std::vector<std::string>& excludes);

}  // namespace bkp::exports
