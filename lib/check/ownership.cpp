#include <pwd.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "check/topics.hpp"
#include "util/text.hpp"

namespace bkp::check {

namespace {

namespace fs = std::filesystem;

struct Foreign {
  fs::path first;
  std::size_t count = 0;
};

std::optional<uid_t> owner_of(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_uid;
}

std::string user_text(uid_t uid) {
  const auto* entry = ::getpwuid(uid);
  return entry != nullptr ? std::string{entry->pw_name} : std::to_string(uid);
}

/// A directory that cannot be read is counted itself; what is in it stays unknown.
Foreign find_foreign(const fs::path& directory, uid_t owner) {
  Foreign found;
  std::error_code error;
  fs::recursive_directory_iterator entry{directory, fs::directory_options::skip_permission_denied,
                                         error};
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    const auto actual = owner_of(entry->path());
    if (!actual || *actual == owner) continue;
    if (found.count++ == 0) found.first = entry->path();
  }
  return found;
}

}  // namespace

void examine_ownership(const fs::path& directory, const fs::path& below, const std::string& check,
                       Findings& findings) {
  const auto owner = owner_of(directory);
  if (!owner) return;
  const auto found = find_foreign(below, *owner);
  if (found.count == 0) return;
  findings.warning(
      check,
      fmt::format("{} and {} more below {} belong to another user than {}, who may fail on them",
                  util::quoted(found.first.string()), found.count - 1, util::quoted(below.string()),
                  util::printable(user_text(*owner))),
      fmt::format("chown -R {} {}", util::shell_quoted(user_text(*owner) + ":"),
                  util::shell_quoted(below.string())));
}

}  // namespace bkp::check
