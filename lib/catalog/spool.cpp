#include "catalog/spool.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <span>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::catalog {

namespace fs = std::filesystem;
using util::Error;
using util::ErrorKind;

namespace {

constexpr auto suffix = ".jsonl";
constexpr std::size_t size_limit = std::size_t{256} << 20U;

Error failed(const char* what, const fs::path& path) {
  return Error::from_errno(
      ErrorKind::store, fmt::format("cannot {} spool file {}", what, util::quoted(path.string())),
      errno);
}

std::string contents(const fs::path& path) {
  return util::read_file(path, size_limit).value_or("");
}

// What stands before the last line end: the rest is torn.
std::string_view whole_lines(std::string_view text) {
  return text.substr(0, text.rfind('\n') + 1);
}

void remove_durably(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw failed("remove", path);
  util::sync_directory(path.parent_path());
}

bool is_still_at(const util::Fd& file, const fs::path& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(file.get(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

SpoolWriter::SpoolWriter(fs::path directory, const std::string& run_key)
    : m_directory{std::move(directory)}, m_path{m_directory / (run_key + suffix)} {}

void SpoolWriter::create() {
  util::make_private_directories(m_directory);
  // Named only once it is locked, or a deliverer might take it for a dead run's.
  const auto hidden = m_directory / ("." + m_path.filename().string() + ".new");
  auto file = util::open_or_make(hidden);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) throw failed("lock", hidden);
  if (::ftruncate(file.get(), 0) != 0) throw failed("empty", hidden);
  if (::rename(hidden.c_str(), m_path.c_str()) != 0) throw failed("make", m_path);
  util::sync_directory(m_directory);
  m_file = std::move(file);
}

void SpoolWriter::append(const Event& event) {
  if (!m_file) create();
  const auto line = to_line(event) + "\n";
  // Not O_APPEND: what a full disk or a failed flush left of a line is cut off by the next one.
  if (::ftruncate(m_file.get(), static_cast<off_t>(m_size)) != 0) throw failed("write", m_path);
  if (::lseek(m_file.get(), static_cast<off_t>(m_size), SEEK_SET) < 0)
    throw failed("write", m_path);
  util::write_all(m_file.get(), std::as_bytes(std::span{line}), m_path.string());
  if (::fdatasync(m_file.get()) != 0) throw failed("flush", m_path);
  m_size += line.size();
}

std::vector<Event> SpoolWriter::events() const {
  std::vector<Event> result;
  if (empty()) return result;
  const auto text = contents(m_path);
  for (const auto line : util::split_lines(text)) {
    if (auto event = event_from_line(line)) result.push_back(std::move(*event));
  }
  return result;
}

void SpoolWriter::discard() {
  if (!m_file) return;
  remove_durably(m_path);
  m_file.reset();
  m_size = 0;
}

SpoolFile::SpoolFile(fs::path path, util::Fd file)
    : m_path{std::move(path)}, m_file{std::move(file)} {}

std::optional<SpoolFile> SpoolFile::take(const fs::path& path) {
  std::optional<SpoolFile> result;
  util::Fd file{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
  if (!file && errno == ENOENT) return result;
  if (!file) throw failed("open", path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return result;
    throw failed("lock", path);
  }
  // Another deliverer may have been quicker, between open and flock.
  if (!is_still_at(file, path)) return result;
  result = SpoolFile{path, std::move(file)};
  result->parse(contents(path));
  return result;
}

void SpoolFile::parse(std::string_view text) {
  for (const auto line : util::split_lines(whole_lines(text))) {
    if (auto event = event_from_line(line)) {
      m_events.push_back(std::move(*event));
    } else {
      ++m_unreadable_lines;
    }
  }
}

void SpoolFile::discard() {
  remove_durably(m_path);
}

fs::path SpoolFile::set_aside() {
  auto target = m_path;
  target += ".bad";
  if (::rename(m_path.c_str(), target.c_str()) != 0) throw failed("set aside", m_path);
  util::sync_directory(m_path.parent_path());
  return target;
}

std::vector<fs::path> waiting_spool_files(const fs::path& directory) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code error;
  for (fs::directory_iterator entry{directory, error}, end; !error && entry != end;
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name.starts_with('.') || !name.ends_with(suffix)) continue;
    std::error_code gone;
    const auto changed = entry->last_write_time(gone);
    if (!gone) found.emplace_back(changed, entry->path());
  }
  std::ranges::sort(found);
  std::vector<fs::path> result;
  result.reserve(found.size());
  for (auto& [changed, path] : found) result.push_back(std::move(path));
  return result;
}

std::size_t count_events(const fs::path& path) {
  const auto text = contents(path);
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace bkp::catalog
