#include "wal/source_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "pg/postmaster_file.hpp"
#include "pg/timeline_history.hpp"
#include "pg/wal_segment_header.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t piece_size = std::size_t{256} << 10U;
constexpr std::size_t largest_text = std::size_t{1} << 20U;

pg::WalFile parsed(const std::filesystem::path& path) {
  const auto name = path.filename().string();
  if (const auto file = pg::parse_wal_name(name, pg::smallest_wal_segment)) return *file;
  throw Error{
      ErrorKind::usage,
      fmt::format("{} is not the name of a file that PostgreSQL archives", util::quoted(name)),
      "name a file of pg_wal, like pg_wal/000000010000000A000000FF; as archive_command: "
      "bkp wal-push %p"};
}

/// Where the cluster of a file may be: in "DATA/pg_wal/NAME" the data directory, else what the
/// configuration says.
std::vector<std::filesystem::path> data_directories(const std::filesystem::path& file,
                                                    const config::Config& config) {
  std::vector<std::filesystem::path> directories;
  const auto add = [&](const std::filesystem::path& directory) {
    std::error_code unknown;
    if (std::filesystem::exists(directory / "global/pg_control", unknown))
      directories.push_back(directory);
  };
  add(std::filesystem::absolute(file).parent_path().parent_path());
  if (config.cluster.data_directory) add(*config.cluster.data_directory);
  return directories;
}

}  // namespace

SourceFile::SourceFile(std::filesystem::path path)
    : m_path{std::move(path)},
      m_name{m_path.filename().string()},
      m_kind{parsed(m_path).kind},
      m_file{util::open_file(m_path, O_RDONLY)} {
  struct stat status {};
  if (::fstat(m_file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Error{ErrorKind::store, fmt::format("{} is no file", util::quoted(m_path.string()))};
  }
  ::posix_fadvise(m_file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  m_bytes = static_cast<std::uint64_t>(status.st_size);
  m_identity = fmt::format("{} {} {} {} {}.{:09} {}.{:09}", m_name, status.st_dev, status.st_ino,
                           m_bytes, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                           status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

bool SourceFile::is_segment() const {
  return m_kind == pg::WalFileKind::segment || m_kind == pg::WalFileKind::partial;
}

std::string SourceFile::begin(std::size_t bytes) const {
  std::string text(std::min<std::uint64_t>(bytes, m_bytes), '\0');
  const auto got = util::read_at(m_file.get(), std::as_writable_bytes(std::span{text}), 0);
  if (!got) {
    throw Error::from_errno(ErrorKind::store, "cannot read " + util::quoted(m_path.string()),
                            errno);
  }
  text.resize(*got);
  return text;
}

std::optional<std::uint64_t> SourceFile::system_identifier() const {
  if (!is_segment()) return std::nullopt;
  const auto text = begin(pg::wal_segment_header_size);
  return util::with_context("reading " + util::quoted(m_path.string()), [&] {
    return pg::read_wal_segment_header(std::as_bytes(std::span{text})).system_identifier;
  });
}

void SourceFile::require_sound(const SourceCluster& cluster) const {
  const auto wrong = [&](const std::string& why) {
    return Error{
        ErrorKind::damaged,
        fmt::format("{} is not what its name says: {}", util::quoted(m_path.string()), why),
        "nothing was archived; find out what wrote it"};
  };
  if (!is_segment()) {
    if (m_bytes > largest_text) throw wrong(fmt::format("it has {} bytes", m_bytes));
    const auto text = begin(largest_text);
    if (m_kind == pg::WalFileKind::history) pg::parse_timeline_history(text, m_name);
    if (m_kind == pg::WalFileKind::backup && !text.starts_with("START WAL LOCATION: "))
      throw wrong("it does not begin as the note of a backup does");
    return;
  }
  const auto text = begin(pg::wal_segment_header_size);
  util::with_context("reading " + util::quoted(m_path.string()), [&] {
    const auto header = pg::read_wal_segment_header(std::as_bytes(std::span{text}));
    pg::require_wal_segment(header, m_name, cluster.system_identifier);
    if (m_bytes != header.segment_size) {
      throw wrong(fmt::format("it has {} bytes, and a segment of this cluster has {}", m_bytes,
                              header.segment_size));
    }
  });
}

void SourceFile::require_finished(const config::Config& config) const {
  const auto states = m_path.parent_path() / "archive_status";
  std::error_code unknown;
  const auto is = [&](const char* state) {
    return std::filesystem::exists(states / (m_name + state), unknown);
  };
  if (m_kind != pg::WalFileKind::segment || !std::filesystem::is_directory(states, unknown) ||
      is(".ready") || is(".done")) {
    return;
  }
  const auto directories = data_directories(m_path, config);
  if (directories.empty()) return;
  const auto& data = directories.front();
  const auto server = pg::read_postmaster_file(data);
  if (!server || !server->is_alive_in(data)) return;
  // Where archiving is off there are no such files; what lies before a checkpoint is finished.
  const auto control = pg::read_control_file(data);
  const auto file = pg::parse_wal_name(m_name, control.wal_segment_size);
  const auto at =
      pg::wal_segment_at(control.timeline, control.checkpoint, control.wal_segment_size);
  if (file && file->timeline == at.timeline && file->number < at.number) return;
  throw Error{ErrorKind::refused,
              fmt::format("{} is not finished: the server runs (pid {}) and may write to it yet",
                          util::quoted(m_path.string()), server->pid),
              "a running server archives by itself: `bkp wal-setup` makes it, and `select "
              "pg_switch_wal()` lets it finish the segment it writes to. After its end, push what "
              "is left; if it has ended, remove its postmaster.pid first"};
}

void SourceFile::write_to(stream::Sink& sink, const util::Interrupt& interrupt) const {
  const auto name = util::quoted(m_path.string());
  std::vector<std::byte> piece(piece_size);
  if (::lseek(m_file.get(), 0, SEEK_SET) < 0)
    throw Error::from_errno(ErrorKind::store, "cannot read " + name, errno);
  std::uint64_t total = 0;
  while (const auto got = util::read_some(m_file.get(), piece, name)) {
    interrupt.check();
    total += got;
    sink.write(std::span{piece}.first(got));
  }
  if (total == m_bytes) return;
  throw Error{ErrorKind::damaged,
              fmt::format("{} had {} bytes and now has {}", name, m_bytes, total),
              "nothing was archived; does something else than the server write there?"};
}

SourceCluster source_cluster(const SourceFile& file, const config::Config& config) {
  if (const auto directories = data_directories(file.path(), config); !directories.empty())
    return {pg::read_control_file(directories.front()).system_identifier};
  if (const auto identifier = file.system_identifier()) return {*identifier, true};
  throw Error{ErrorKind::refused,
              fmt::format("{} does not say which cluster it is of, and there is no data directory "
                          "around it that could be asked",
                          util::quoted(file.path().string())),
              "run it in the data directory, as the server does, or set cluster.data_directory"};
}

std::vector<std::filesystem::path> waiting_after(const std::filesystem::path& path,
                                                 std::size_t most) {
  constexpr std::string_view suffix = ".ready";
  const auto directory = path.parent_path();
  const auto after = path.filename().string();
  std::vector<std::string> names;
  std::error_code unknown;
  for (const auto& entry :
       std::filesystem::directory_iterator{directory / "archive_status", unknown}) {
    auto name = entry.path().filename().string();
    if (!name.ends_with(suffix)) continue;
    name.resize(name.size() - suffix.size());
    const auto parsed = pg::parse_wal_name(name, pg::smallest_wal_segment);
    if (name > after && parsed && parsed->kind != pg::WalFileKind::history)
      names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  names.resize(std::min(names.size(), most));
  std::vector<std::filesystem::path> paths;
  for (const auto& name : names) paths.push_back(directory / name);
  return paths;
}

}  // namespace bkp::wal
