#include "recover/cluster_restore.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "backup/parts.hpp"
#include "physical/backup_session.hpp"
#include "physical/cluster_packer.hpp"
#include "physical/incremental_file.hpp"
#include "physical/tar.hpp"
#include "recover/cluster_file_sinks.hpp"
#include "recover/missing_pages.hpp"
#include "recover/reused_directory.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/first_failure.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using physical::TarEntry;
using util::Error;
using util::ErrorKind;

namespace {

class Restore {
 public:
  Restore(run::Context& context, const ClusterChain& chain, const ClusterPlace& place, int jobs,
          bool reuse)
      : m_context{context}, m_chain{chain}, m_place{place}, m_jobs{jobs} {
    m_writing.reuse = reuse;
  }

  RestoredCluster run() {
    const auto began = m_context.clock.steady();
    const run::ProgressStep step{m_context.progress, "restoring the cluster",
                                 m_chain.original_bytes()};
    if (m_writing.reuse) begin_reuse(m_place);
    make_places();
    const auto file_systems = open_file_systems();
    for (m_level = 0; m_level < m_chain.backups.size(); ++m_level) {
      if (m_level > 0 && !m_missing.any()) break;
      restore_level();
    }
    require_whole();
    if (m_writing.reuse) remove_others(m_place, m_kept);
    if (m_chain.backups.size() > 1) complete_labels();
    write_tablespace_map();
    flush(file_systems);
    finish_control_file();
    return {m_writing.bytes, m_writing.reused, m_files, m_context.clock.steady() - began};
  }

 private:
  const backup::Manifest& manifest() const { return m_chain.manifest(); }
  const std::vector<backup::Source>& sources() const { return m_chain.backups[m_level]; }
  const std::vector<backup::Part>& parts() const { return sources().front().manifest().parts; }

  void restore_level() {
    m_next = 0;
    {
      std::vector<std::jthread> threads;
      const auto workers = std::min<std::size_t>(static_cast<std::size_t>(m_jobs), parts().size());
      for (std::size_t i = 1; i < workers; ++i)
        threads.emplace_back([this] { restore_next_ones(); });
      restore_next_ones();
    }
    m_failure.rethrow();
  }

  void make_places() {
    util::make_private_directories(m_place.data);
    if (::chmod(m_place.data.c_str(), 0700) != 0) throw failed(m_place.data);
    util::write_file_atomically(m_place.data / restore_marker, manifest().system_identifier);
    keep(restore_marker);
    make_directory(m_place.data / "pg_tblspc", 0700);
    for (const auto& tablespace : manifest().physical->tablespaces) {
      const auto where = m_place.of(tablespace);
      util::make_private_directories(where);
      const auto link = m_place.data / "pg_tblspc" / std::to_string(tablespace.oid);
      if (::symlink(std::filesystem::absolute(where).c_str(), link.c_str()) != 0)
        throw failed(link);
    }
  }

  void restore_next_ones() {
    try {
      while (!m_failure.any()) {
        const auto i = m_next++;
        if (i >= parts().size()) return;
        restore_part(i);
      }
    } catch (...) {
      m_failure.keep_current();
    }
  }

  void restore_part(std::size_t index) {
    std::optional<Error> failure;
    std::set<std::string> opened_before;  // by copies that proved bad
    for (const auto& source : sources()) {
      GivenPages given;
      std::set<std::string> opened;
      try {
        unpack(source, source.manifest().parts.at(index), given, opened);
        require_written_anew(opened_before, opened);
        return;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::store) throw;
        given.take_back();
        opened_before.merge(opened);
        m_context.log.warning("store {}: {}", util::quoted(source.store.name),
                              error.full_message());
        if (!failure) failure = error;
      }
    }
    if (m_level > 0 && failure->kind() == ErrorKind::damaged)
      throw DamagedBelow{*failure, sources().front().manifest().label};
    throw Error{*failure};
  }

  /// Bytes are written before it is known that the copy they are from is good. Those of a bad one
  /// are overwritten by the good one, unless it brought names that are none of this part.
  void require_written_anew(const std::set<std::string>& before,
                            const std::set<std::string>& opened) const {
    for (const auto& path : before) {
      if (opened.contains(path)) continue;
      throw DamagedPlace{
          fmt::format("a damaged copy of a part has written {} into {}, where it "
                      "does not belong",
                      util::quoted(path), util::quoted(m_place.data.string()))};
    }
  }

  /// No other copy of the part helps any more.
  struct DamagedPlace : Error {
    explicit DamagedPlace(std::string message)
        : Error{ErrorKind::refused, std::move(message),
                "remove the directory and restore again from another store (--store)"} {}
  };

  void unpack(const backup::Source& source, const backup::Part& part, GivenPages& given,
              std::set<std::string>& opened) {
    physical::TarReader tar{[&](const TarEntry& entry) {
      m_context.interrupt.check();
      m_context.progress.advance(entry.bytes);
      require_safe(entry.path);
      if (m_level == 0) opened.insert(entry.path);
      return m_level == 0 ? open(entry) : open_older(entry, given);
    }};
    backup::fetch_part(*source.store.store, source.layout, source.manifest(), part, source.keys,
                       tar);
  }

  /// An archive may have been made by whoever wished us ill: nothing is written but below the data
  /// directory and the tablespaces.
  static void require_safe(const std::string& path) {
    const auto parts = store::parts_of(path);
    const bool safe = !path.empty() && std::ranges::none_of(parts, [](std::string_view part) {
      return part.empty() || part == "." || part == "..";
    });
    if (safe) return;
    throw Error{
        ErrorKind::damaged,
        fmt::format("the backup has a file {}, which cannot be of a cluster", util::quoted(path))};
  }

  std::unique_ptr<stream::Sink> open(const TarEntry& entry) {
    const auto path = m_place.data / entry.path;
    if (entry.type == TarEntry::Type::directory) {
      // A tablespace's is a link already.
      if (!is_tablespace(entry.path)) make_directory(path, entry.mode);
      keep(entry.path);
      return nullptr;
    }
    ++m_files;
    make_parents(entry.path);
    if (const auto by_pages = path_by_pages(entry.path)) {
      keep(*by_pages);
      return some_pages(m_place.data / *by_pages, entry.mode, *by_pages, m_missing, m_writing);
    }
    const std::string name = entry.path == control_file ? unfinished_control_file : entry.path;
    keep(name);
    return whole_file(m_place.data / name, entry.mode, m_writing);
  }

  std::unique_ptr<stream::Sink> open_older(const TarEntry& entry, GivenPages& given) {
    if (entry.type == TarEntry::Type::directory) return nullptr;
    const auto by_pages = path_by_pages(entry.path);
    const auto& name = by_pages ? *by_pages : entry.path;
    auto* file = m_missing.find(name);
    if (file == nullptr) return nullptr;
    const auto path = m_place.data / name;
    return by_pages ? fill_from_pages(path, name, *file, given, m_writing)
                    : fill_from_whole(path, *file, given, m_writing);
  }

  /// With the directories on its way.
  void keep(const std::string& path) {
    if (!m_writing.reuse) return;
    const std::lock_guard lock{m_kept_mutex};
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
      m_kept.insert(path.substr(0, slash));
    m_kept.insert(path);
  }

  /// Only of an incremental backup: elsewhere it is the name of a whole file.
  std::optional<std::string> path_by_pages(const std::string& path) const {
    if (!sources().front().manifest().parent) return std::nullopt;
    return physical::path_of_incremental(path);
  }

  void require_whole() const {
    const auto page = m_missing.first();
    if (!page) return;
    throw Error{ErrorKind::damaged,
                fmt::format("no backup from {} to {} has block {} of {}",
                            m_chain.backups.back().front().manifest().label, manifest().label,
                            page->block, util::quoted(page->path)),
                "restore another backup: `bkp list` shows them"};
  }

  /// Servers from PostgreSQL 17 on do not start on what says it is incremental, and it is not any
  /// more.
  void complete_labels() const {
    const auto label = m_place.data / "backup_label";
    if (const auto text = util::read_file(label))
      util::write_file_atomically(label, physical::without_incremental_lines(*text));
    std::filesystem::rename(m_place.data / physical::complete_manifest_path,
                            m_place.data / "backup_manifest");
  }

  void make_parents(const std::string& path) const {
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
      const auto parent = path.substr(0, slash);
      if (!is_tablespace(parent)) make_directory(m_place.data / parent, std::nullopt);
    }
  }

  /// Without a mode it is for the moment: another part brings it with its own.
  static void make_directory(const std::filesystem::path& path, std::optional<unsigned> mode) {
    if (::mkdir(path.c_str(), 0700) != 0) {
      struct stat status {};
      // A link in its place would lead elsewhere.
      if (errno != EEXIST || ::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        throw failed(path);
    }
    if (mode && ::chmod(path.c_str(), *mode & 0777U) != 0) throw failed(path);
  }

  void write_tablespace_map() const {
    auto all = manifest().physical->tablespaces;
    if (all.empty()) return;
    for (auto& tablespace : all)
      tablespace.path = std::filesystem::absolute(m_place.of(tablespace)).string();
    util::write_file_atomically(m_place.data / "tablespace_map", tablespace_map(all));
  }

  void finish_control_file() const {
    std::error_code error;
    std::filesystem::remove(m_place.data / restore_marker, error);
    std::filesystem::rename(m_place.data / unfinished_control_file, m_place.data / control_file,
                            error);
    if (error) {
      throw Error{ErrorKind::damaged, fmt::format("{} has no {}", manifest().label, control_file),
                  "restore another backup: `bkp list` shows them"};
    }
    util::sync_directory(m_place.data / "global");
  }

  struct FileSystem {
    std::filesystem::path path;
    util::Fd directory;
  };

  /// Before anything is written: syncfs(2) tells of what went wrong since its descriptor was
  /// opened.
  std::vector<FileSystem> open_file_systems() const {
    std::vector<FileSystem> opened;
    const auto open = [&](const std::filesystem::path& path) {
      opened.push_back({path, util::open_file(path, O_RDONLY | O_DIRECTORY)});
    };
    open(m_place.data);
    for (const auto& tablespace : manifest().physical->tablespaces) open(m_place.of(tablespace));
    return opened;
  }

  static void flush(const std::vector<FileSystem>& file_systems) {
    for (const auto& one : file_systems) {
      if (::syncfs(one.directory.get()) != 0) throw failed(one.path);
    }
  }

  static Error failed(const std::filesystem::path& path) {
    return Error::from_errno(ErrorKind::refused, "cannot write " + util::quoted(path.string()),
                             errno);
  }

  run::Context& m_context;
  const ClusterChain& m_chain;
  const ClusterPlace& m_place;
  int m_jobs;
  std::size_t m_level = 0;  ///< the backup of the chain that is read
  MissingPages m_missing;
  std::atomic<std::size_t> m_next = 0;
  FileWriting m_writing;
  std::atomic<std::uint64_t> m_files = 0;
  std::mutex m_kept_mutex;
  std::set<std::string> m_kept;  ///< of a directory that is reused
  util::FirstFailure m_failure;
};

}  // namespace

RestoredCluster restore_cluster(run::Context& context, const ClusterChain& chain,
                                const ClusterPlace& place, int jobs, bool reuse) {
  return Restore{context, chain, place, std::max(1, jobs), reuse}.run();
}

}  // namespace bkp::recover
