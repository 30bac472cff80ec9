#include "physical/cluster_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "physical/data_file.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr unsigned permissions = 07777;

class Walk {
 public:
  Walk(const std::filesystem::path& data, const util::Interrupt& interrupt)
      : m_data{data}, m_interrupt{interrupt} {}

  ClusterFiles run() {
    walk("");
    leave_out_unlogged();
    return std::move(m_found);
  }

 private:
  void walk(const std::string& directory) {
    m_interrupt.check();
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator entry{m_data / directory, error}, end;
         !error && entry != end; entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      throw Error::from_errno(ErrorKind::store,
                              "cannot read " + util::quoted((m_data / directory).string()),
                              error.value());
    }
    std::ranges::sort(names);
    for (const auto& name : names) take(directory.empty() ? name : directory + "/" + name);
  }

  void take(const std::string& path) {
    if (is_excluded(path)) return;
    struct stat status {};
    if (::lstat((m_data / path).c_str(), &status) != 0) {
      if (errno == ENOENT) return;
      throw Error::from_errno(ErrorKind::store,
                              "cannot look at " + util::quoted((m_data / path).string()), errno);
    }
    if (S_ISLNK(status.st_mode)) {
      take_link(path);
    } else if (S_ISDIR(status.st_mode)) {
      take_directory(path, status.st_mode);
    } else if (S_ISREG(status.st_mode) && path != "global/pg_control") {
      m_found.files.push_back({path, static_cast<std::uint64_t>(status.st_size),
                               status.st_mode & permissions,
                               util::Time{std::chrono::seconds{status.st_mtim.tv_sec}}});
    }
  }

  void take_directory(const std::string& path, unsigned mode) {
    m_found.directories.push_back({path, mode & permissions});
    if (path == "pg_wal") m_found.directories.push_back({"pg_wal/archive_status", 0700});
    if (!is_emptied_directory(path)) walk(path);
  }

  /// A tablespace becomes a directory of the backup; so does pg_wal, which may be a link.
  void take_link(const std::string& path) {
    constexpr std::string_view tablespaces = "pg_tblspc/";
    if (path == "pg_wal") return take_directory(path, 0700);
    std::uint32_t oid = 0;
    const auto number = path.starts_with(tablespaces) ? path.substr(tablespaces.size()) : "";
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), oid);
    if (number.empty() || error != std::errc{} || end != number.data() + number.size()) {
      throw Error{ErrorKind::refused,
                  fmt::format("{} is a symbolic link, and none of a tablespace",
                              util::quoted((m_data / path).string())),
                  "put what it leads to in its place; a restore could not know where that belongs"};
    }
    m_found.tablespaces.push_back({oid, std::filesystem::read_symlink(m_data / path).string()});
    m_found.directories.push_back({path, 0700});
    walk(path);
  }

  /// What a crash empties: the server makes it from the init fork.
  void leave_out_unlogged() {
    std::set<std::pair<std::string, std::uint64_t>> unlogged;
    for (const auto& file : m_found.files) {
      const auto relation = parse_relation_file(file.path);
      if (relation && relation->fork == Fork::init)
        unlogged.emplace(relation->directory, relation->relation);
    }
    std::erase_if(m_found.files, [&](const ClusterFile& file) {
      const auto relation = parse_relation_file(file.path);
      return relation && relation->fork != Fork::init &&
             unlogged.contains({relation->directory, relation->relation});
    });
  }

  const std::filesystem::path& m_data;
  const util::Interrupt& m_interrupt;
  ClusterFiles m_found;
};

}  // namespace

ClusterFiles list_cluster(const std::filesystem::path& data, const util::Interrupt& interrupt) {
  return Walk{data, interrupt}.run();
}

}  // namespace bkp::physical
