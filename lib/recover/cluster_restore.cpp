#include "recover/cluster_restore.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include <fmt/format.h>

#include "backup/parts.hpp"
#include "physical/tar.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/first_failure.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::recover {

using physical::TarEntry;
using util::Error;
using util::ErrorKind;

namespace {

constexpr std::string_view tablespaces = "pg_tblspc/";

bool is_empty_or_absent(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return true;
  return std::filesystem::is_directory(path, error) && std::filesystem::is_empty(path, error) &&
         !error;
}

std::filesystem::path place_of(const backup::Tablespace& tablespace, const ClusterPlace& place) {
  const auto moved = place.tablespaces.find(tablespace.path);
  return moved == place.tablespaces.end() ? tablespace.path : moved->second;
}

/// Of a cluster without tablespaces: with them it is not known beforehand how much goes where.
void require_room(const std::filesystem::path& data, std::uint64_t needed) {
  auto there = data;
  std::error_code unknown;
  while (there.has_relative_path() && !std::filesystem::exists(there, unknown))
    there = there.parent_path();
  const auto space = util::file_system_space(there);
  if (space.available >= needed) return;
  throw Error{ErrorKind::refused,
              fmt::format("the cluster has {}, and where {} will be only {} are free",
                          util::format_size(needed), util::quoted(data.string()),
                          util::format_size(space.available)),
              "make room, or name a directory on another file system"};
}

/// A file of the cluster while it is written.
class FileSink final : public stream::Sink {
 public:
  FileSink(std::filesystem::path path, unsigned mode)
      : m_path{std::move(path)},
        m_file{util::open_file(m_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode & 0777U)} {
    ::fchmod(m_file.get(), mode & 0777U);
  }
  void write(std::span<const std::byte> data) override {
    util::write_all(m_file.get(), data, m_path.string());
  }
  void finish() override { m_file.close(m_path.string()); }
  void abort() noexcept override {}

 private:
  std::filesystem::path m_path;
  util::Fd m_file;
};

class Restore {
 public:
  Restore(run::Context& context, const std::vector<backup::Source>& sources,
          const ClusterPlace& place, int jobs)
      : m_context{context}, m_sources{sources}, m_place{place}, m_jobs{jobs} {}

  RestoredCluster run() {
    const auto began = m_context.clock.steady();
    const run::ProgressStep step{m_context.progress, "restoring the cluster",
                                 manifest().original_bytes()};
    make_places();
    {
      std::vector<std::jthread> threads;
      const auto workers =
          std::min<std::size_t>(static_cast<std::size_t>(m_jobs), manifest().parts.size());
      for (std::size_t i = 1; i < workers; ++i)
        threads.emplace_back([this] { restore_next_ones(); });
      restore_next_ones();
    }
    m_failure.rethrow();
    write_tablespace_map();
    flush();
    return {m_bytes, m_files, m_context.clock.steady() - began};
  }

 private:
  const backup::Manifest& manifest() const { return m_sources.front().manifest(); }

  void make_places() {
    util::make_private_directories(m_place.data);
    if (::chmod(m_place.data.c_str(), 0700) != 0) throw failed(m_place.data);
    make_directory(m_place.data / "pg_tblspc", 0700);
    for (const auto& tablespace : manifest().physical->tablespaces) {
      const auto where = place_of(tablespace, m_place);
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
        if (i >= manifest().parts.size()) return;
        restore_part(i);
      }
    } catch (...) {
      m_failure.keep_current();
    }
  }

  void restore_part(std::size_t index) {
    std::optional<Error> failure;
    for (const auto& source : m_sources) {
      try {
        unpack(source, source.manifest().parts.at(index));
        return;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::store) throw;
        m_context.log.warning("store {}: {}", util::quoted(source.store.name),
                              error.full_message());
        if (!failure) failure = error;
      }
    }
    throw Error{*failure};
  }

  void unpack(const backup::Source& source, const backup::Part& part) {
    physical::TarReader tar{[this](const TarEntry& entry) { return open(entry); }};
    backup::fetch_part(*source.store.store, source.layout, source.manifest(), part, source.keys,
                       tar);
  }

  /// An archive may have been made by whoever wished us ill: nothing is written but below the data
  /// directory and the tablespaces.
  std::unique_ptr<stream::Sink> open(const TarEntry& entry) {
    m_context.interrupt.check();
    m_context.progress.advance(entry.bytes);
    const auto parts = store::parts_of(entry.path);
    const bool safe = !entry.path.empty() && std::ranges::none_of(parts, [](std::string_view part) {
      return part.empty() || part == "." || part == "..";
    });
    if (!safe) {
      throw Error{ErrorKind::damaged,
                  fmt::format("the backup has a file {}, which cannot be of a cluster",
                              util::quoted(entry.path))};
    }
    const auto path = m_place.data / entry.path;
    if (entry.type == TarEntry::Type::directory) {
      // A tablespace's is a link already.
      if (!is_tablespace(entry.path)) make_directory(path, entry.mode);
      return nullptr;
    }
    m_bytes += entry.bytes;
    ++m_files;
    make_parents(entry.path);
    return std::make_unique<FileSink>(path, entry.mode);
  }

  static bool is_tablespace(std::string_view path) {
    return path.starts_with(tablespaces) && path.find('/', tablespaces.size()) == path.npos;
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

  /// The server makes the links anew by it.
  void write_tablespace_map() const {
    const auto& all = manifest().physical->tablespaces;
    if (all.empty()) return;
    std::string text;
    for (const auto& tablespace : all) {
      text += fmt::format("{} ", tablespace.oid);
      for (const char c : std::filesystem::absolute(place_of(tablespace, m_place)).string()) {
        if (c == '\n' || c == '\r' || c == '\\') text += '\\';
        text += c;
      }
      text += '\n';
    }
    util::write_file_atomically(m_place.data / "tablespace_map", text);
  }

  void flush() const {
    sync_file_system(m_place.data);
    for (const auto& tablespace : manifest().physical->tablespaces)
      sync_file_system(place_of(tablespace, m_place));
  }

  static void sync_file_system(const std::filesystem::path& path) {
    const auto directory = util::open_file(path, O_RDONLY | O_DIRECTORY);
    if (::syncfs(directory.get()) != 0) throw failed(path);
  }

  static Error failed(const std::filesystem::path& path) {
    return Error::from_errno(ErrorKind::refused, "cannot write " + util::quoted(path.string()),
                             errno);
  }

  run::Context& m_context;
  const std::vector<backup::Source>& m_sources;
  const ClusterPlace& m_place;
  int m_jobs;
  std::atomic<std::size_t> m_next = 0;
  std::atomic<std::uint64_t> m_bytes = 0;
  std::atomic<std::uint64_t> m_files = 0;
  util::FirstFailure m_failure;
};

}  // namespace

void require_free(const ClusterPlace& place, const backup::Manifest& manifest) {
  std::error_code unknown;
  if (std::filesystem::exists(place.data / "postmaster.pid", unknown)) {
    throw Error{ErrorKind::refused,
                fmt::format("a server runs in {}, or was killed there (it has a postmaster.pid)",
                            util::quoted(place.data.string())),
                "restore into a new directory"};
  }
  if (!is_empty_or_absent(place.data)) {
    throw Error{ErrorKind::refused,
                fmt::format("{} is there and not empty", util::quoted(place.data.string())),
                "restore into a new directory, or move what is there out of the way"};
  }
  if (manifest.physical->tablespaces.empty()) require_room(place.data, manifest.original_bytes());
  for (const auto& tablespace : manifest.physical->tablespaces) {
    const auto where = place_of(tablespace, place);
    if (is_empty_or_absent(where)) continue;
    throw Error{ErrorKind::refused,
                fmt::format("the tablespace {} would go to {}, which is there and not empty",
                            tablespace.oid, util::quoted(where.string())),
                fmt::format("name another place: --tablespace-map {}=DIRECTORY",
                            util::shell_quoted(tablespace.path))};
  }
}

RestoredCluster restore_cluster(run::Context& context, const std::vector<backup::Source>& sources,
                                const ClusterPlace& place, int jobs) {
  return Restore{context, sources, place, std::max(1, jobs)}.run();
}

}  // namespace bkp::recover
