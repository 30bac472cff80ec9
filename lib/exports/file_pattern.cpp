#include "exports/file_pattern.hpp"

#include <algorithm>
#include <span>

#include "util/text.hpp"

namespace bkp::exports {

namespace {

constexpr std::string_view any_directories = "**";

std::vector<std::string> names_of(const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (const auto& name : path.lexically_normal().relative_path()) {
    if (!name.empty() && name != ".") names.push_back(name.string());
  }
  return names;
}

using Names = std::span<const std::string>;

bool match(Names names, Names pattern) {
  if (pattern.empty()) return names.empty();
  if (pattern.front() == any_directories) {
    for (std::size_t skipped = 0; skipped <= names.size(); ++skipped) {
      if (match(names.subspan(skipped), pattern.subspan(1))) return true;
    }
    return false;
  }
  return !names.empty() && util::matches_pattern(names.front(), pattern.front()) &&
         match(names.subspan(1), pattern.subspan(1));
}

/// The path or a directory above it, down to `shortest` names.
bool match_beginning(Names names, Names pattern, std::size_t shortest = 1) {
  for (auto length = names.size(); length >= shortest && length > 0; --length) {
    if (match(names.first(length), pattern)) return true;
  }
  return false;
}

}  // namespace

FilePattern::FilePattern(const std::filesystem::path& pattern) : m_names{names_of(pattern)} {}

bool FilePattern::is_literal() const {
  return std::ranges::all_of(m_names,
                             [](const auto& name) { return util::is_literal_pattern(name); });
}

std::filesystem::path FilePattern::root() const {
  std::filesystem::path path{"/"};
  for (const auto& name : m_names) {
    if (!util::is_literal_pattern(name)) break;
    path /= name;
  }
  return path;
}

bool FilePattern::matches(const std::filesystem::path& path) const {
  return match_beginning(names_of(path), m_names);
}

bool is_excluded(const std::filesystem::path& path, const std::filesystem::path& root,
                 const std::vector<std::string>& excludes) {
  const auto whole = names_of(path);
  const auto below = names_of(path.lexically_relative(root));
  return std::ranges::any_of(excludes, [&](const std::string& exclude) {
    const auto pattern = names_of(exclude);
    if (exclude.starts_with('/')) return match_beginning(whole, pattern);
    for (std::size_t first = 0; first < below.size(); ++first) {
      if (match_beginning(Names{below}.subspan(first), pattern)) return true;
    }
    return false;
  });
}

}  // namespace bkp::exports
