#include "exports/files.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include <fmt/format.h>

#include "exports/file_pattern.hpp"
#include "exports/no_links.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/files.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

constexpr int most_attempts = 5;

std::string group_name(gid_t gid) {
  // With all its members' names.
  constexpr std::size_t most = std::size_t{1} << 20U;
  std::vector<char> buffer(4096);
  struct group entry {};
  struct group* found = nullptr;
  while (::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
         buffer.size() < most)
    buffer.resize(buffer.size() * 2);
  return found != nullptr ? std::string{found->gr_name} : fmt::format("gid {}", gid);
}

struct ::stat status_of(const util::Fd& file, const std::filesystem::path& path) {
  struct ::stat status {};
  if (::fstat(file.get(), &status) == 0) return status;
  throw Error::from_errno(
      ErrorKind::store, fmt::format("{} cannot be looked at", util::quoted(path.string())), errno);
}

/// Without links, where that is how they are to be had.
std::filesystem::path resolved(const std::filesystem::path& path, Links links) {
  if (links == Links::refuse) return path;
  std::error_code error;
  auto real = std::filesystem::canonical(path, error);
  return error ? path : real;
}

util::Fd open_to_read(const std::filesystem::path& path, int flags) {
  try {
    // A pipe would be waited for.
    return open_without_links(path, O_RDONLY | O_NONBLOCK | flags);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) {
      throw error.reworded(fmt::format("there is no file {}", util::quoted(path.string())),
                           "correct `files` in the configuration");
    }
    if (error.kind() != ErrorKind::store) throw;
    throw error.reworded(
        error.message(),
        fmt::format("let user {} read it (a group, setfacl), or exclude it", util::user_name()));
  }
}

/// All but the contents.
Entry entry_of(const std::filesystem::path& path, std::string_view section, EntryType type,
               const struct ::stat& status) {
  Entry entry;
  entry.path = path_of_file(section, path);
  entry.type = type;
  entry.origin = path.string();
  entry.mode = status.st_mode & 07777U;
  entry.owner = util::user_name(status.st_uid);
  entry.group = group_name(status.st_gid);
  entry.modified = util::Time{std::chrono::seconds{status.st_mtim.tv_sec}};
  return entry;
}

/// What a walk has found.
struct Found {
  std::set<std::filesystem::path> files;
  std::set<std::filesystem::path> directories;  ///< in which they are
  std::vector<std::filesystem::path> passed_over;
  bool any = false;
};

void take(const std::filesystem::directory_entry& entry, const std::filesystem::path& root,
          Found& found) {
  found.any = true;
  std::error_code unknown;
  const auto status = entry.symlink_status(unknown);
  if (std::filesystem::is_regular_file(status)) {
    found.files.insert(entry.path());
    for (auto above = entry.path().parent_path(); above != root.parent_path() && above != "/";
         above = above.parent_path())
      found.directories.insert(above);
  } else if (!std::filesystem::is_directory(status)) {
    found.passed_over.push_back(entry.path());
  }
}

void walk(const FilePattern& pattern, const std::vector<std::string>& excludes, Found& found) {
  const auto root = pattern.root();
  std::error_code error;
  std::filesystem::recursive_directory_iterator at{root, error};
  for (; !error && at != std::filesystem::recursive_directory_iterator{}; at.increment(error)) {
    if (is_excluded(at->path(), root, excludes)) {
      at.disable_recursion_pending();  // of no effect on what is no directory
    } else if (pattern.matches(at->path())) {
      take(*at, root, found);
    }
  }
  if (!error) return;
  if (error == std::errc::no_such_file_or_directory) {
    throw Error{ErrorKind::not_found,
                fmt::format("there is no directory {}", util::quoted(root.string())),
                "correct `files` in the configuration"};
  }
  throw Error{ErrorKind::store,
              fmt::format("a directory below {} cannot be read: {}", util::quoted(root.string()),
                          error.message()),
              fmt::format("let user {} read it, or exclude it", util::user_name())};
}

}  // namespace

std::string path_of_file(std::string_view section, const std::filesystem::path& origin) {
  return fmt::format("{}/files/{}", section, origin.lexically_normal().relative_path().string());
}

Entry read_file_entry(const std::filesystem::path& given, std::string_view section, Links links) {
  const auto path = resolved(given, links);
  for (int attempt = 1;; ++attempt) {
    const auto file = open_to_read(path, 0);
    const auto before = status_of(file, path);
    if (!S_ISREG(before.st_mode)) {
      throw Error{ErrorKind::store,
                  fmt::format("{} is no regular file", util::quoted(path.string())),
                  "correct `files` in the configuration"};
    }
    auto entry = entry_of(path, section, EntryType::file, before);
    entry.contents = util::read_open_file(file, path, largest_export);
    const bool settled = util::is_unmodified(before, status_of(file, path)) &&
                         entry.contents.size() == static_cast<std::size_t>(before.st_size);
    if (settled) return entry;
    if (attempt == most_attempts) {
      throw Error{ErrorKind::store,
                  fmt::format("{} changes all the time", util::quoted(path.string())),
                  "a file that is written to all the time is no configuration: exclude it"};
    }
  }
}

Entry read_directory_entry(const std::filesystem::path& given, std::string_view section,
                           Links links) {
  const auto path = resolved(given, links);
  return entry_of(path, section, EntryType::directory,
                  status_of(open_to_read(path, O_DIRECTORY), path));
}

std::vector<Entry> read_files(const config::ExportSection& section,
                              std::vector<std::string>& notes) {
  Found found;
  std::set<std::filesystem::path> named;
  for (const auto& text : section.files) {
    const FilePattern pattern{text};
    std::error_code unknown;
    if (pattern.is_literal() && !std::filesystem::is_directory(text, unknown)) {
      named.insert(text.lexically_normal());
      continue;
    }
    found.any = false;
    walk(pattern, section.exclude, found);
    if (!found.any) notes.push_back(fmt::format("{} names no file", util::quoted(text.string())));
  }
  if (!found.passed_over.empty()) {
    notes.push_back(fmt::format("{} links, pipes or sockets were passed over, {} first",
                                found.passed_over.size(),
                                util::quoted(std::ranges::min(found.passed_over).string())));
  }
  std::map<std::string, Entry> entries;
  const auto add = [&](Entry entry) { entries.emplace(entry.path, std::move(entry)); };
  for (const auto& path : named) add(read_file_entry(path, section.name, Links::follow));
  for (const auto& path : found.files) {
    try {
      add(read_file_entry(path, section.name, Links::follow));
    } catch (const Error& error) {
      // Removed since the walk.
      if (error.kind() != ErrorKind::not_found) throw;
    }
  }
  for (const auto& path : found.directories)
    add(read_directory_entry(path, section.name, Links::follow));
  std::vector<Entry> sorted;
  for (auto& [path, entry] : entries) {
    if (!util::is_valid_utf8(path)) {
      throw Error{ErrorKind::store,
                  fmt::format("{} has a name that is no UTF-8", util::quoted(path)),
                  "give it another name, or exclude it"};
    }
    sorted.push_back(std::move(entry));
  }
  return sorted;
}

}  // namespace bkp::exports
