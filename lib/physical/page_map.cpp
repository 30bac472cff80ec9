#include "physical/page_map.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <xxhash.h>
#include <nlohmann/json.hpp>

#include "backup/json_text.hpp"
#include "run/state.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr std::string_view suffix = ".pages";
constexpr std::string_view part_suffix = ".pages.part";

/// At the end of the file.
struct Trailer {
  std::uint64_t table_at = 0;
  std::uint64_t table_bytes = 0;
  std::uint64_t table_hash = 0;
  std::array<char, 8> format{'b', 'k', 'p', 'p', 'a', 'g', 'e', '1'};
};
static_assert(std::is_trivially_copyable_v<Trailer> && sizeof(Trailer) == 32);
static_assert(std::is_trivially_copyable_v<PageMark> && sizeof(PageMark) == 8);

std::uint64_t hash_of(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

pg::Lsn lsn_from(const json& from) {
  const auto lsn = pg::parse_lsn(from.get<std::string>());
  if (!lsn) throw Error{ErrorKind::damaged, "it has no LSN where one belongs"};
  return *lsn;
}

MappedBackup backup_from(const json& table) {
  MappedBackup backup{table.at("label"), table.at("manifest_sha256"), table.at("system_identifier"),
                      table.at("timeline"), lsn_from(table.at("start_lsn"))};
  for (const auto& page : table.at("bad_pages"))
    backup.bad_pages.push_back(
        {backup::text_from_json(page.at(0)), backup::count_from_json(page.at(1))});
  return backup;
}

json table_of(const MappedBackup& backup) {
  auto bad_pages = json::array();
  for (const auto& page : backup.bad_pages)
    bad_pages.push_back({backup::text_to_json(page.file), page.block});
  return {{"bad_pages", bad_pages},
          {"label", backup.label},
          {"manifest_sha256", backup.manifest_sha256},
          {"system_identifier", backup.system_identifier},
          {"timeline", backup.timeline},
          {"start_lsn", pg::to_text(backup.start)}};
}

}  // namespace

PageMapWriter::PageMapWriter(const std::filesystem::path& directory, const std::string& label)
    : m_path{directory / (label + std::string{suffix})},
      m_part{directory / (label + std::string{part_suffix})} {
  try {
    util::make_private_directories(directory);
    m_file = util::open_file(m_part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  } catch (...) {
    give_up();
  }
}

PageMapWriter::~PageMapWriter() {
  if (m_file) ::unlink(m_part.c_str());
}

void PageMapWriter::give_up() noexcept {
  m_failure = util::current_error();
  if (m_file) ::unlink(m_part.c_str());
  m_file.reset();
}

void PageMapWriter::add(const std::string& path, std::span<const PageMark> pages) noexcept {
  const std::lock_guard lock{m_mutex};
  if (m_failure) return;
  try {
    util::write_all(m_file.get(), std::as_bytes(pages), m_part.string());
    m_entries[path] = {m_marks, pages.size()};
    m_marks += pages.size();
  } catch (...) {
    give_up();
  }
}

void PageMapWriter::finish(const MappedBackup& backup) {
  if (m_failure) throw Error{*m_failure};
  auto table = table_of(backup);
  auto& files = table["files"] = json::array();
  for (const auto& [path, entry] : m_entries)
    files.push_back({backup::text_to_json(path), entry.first, entry.count});
  const auto text = table.dump();
  const auto bytes = std::as_bytes(std::span{text});
  const Trailer trailer{m_marks * sizeof(PageMark), text.size(), hash_of(bytes)};
  util::write_all(m_file.get(), bytes, m_part.string());
  util::write_all(m_file.get(), std::as_bytes(std::span{&trailer, 1}), m_part.string());
  if (::fsync(m_file.get()) != 0 || ::rename(m_part.c_str(), m_path.c_str()) != 0) {
    throw Error::from_errno(ErrorKind::store, "cannot write " + util::quoted(m_path.string()),
                            errno);
  }
  m_file.close(m_path.string());
  util::sync_directory(m_path.parent_path());
}

bool finish_page_map(PageMapWriter& pages, backup::Outcome& outcome) {
  const auto& manifest = *outcome.manifest;
  const auto& physical = *manifest.physical;
  try {
    pages.finish({manifest.label, outcome.manifest_sha256, manifest.system_identifier,
                  physical.timeline, physical.start, physical.bad_pages});
    return true;
  } catch (...) {
    outcome.warnings.push_back(fmt::format("no incremental backup can be built on it: {}",
                                           util::current_error().full_message()));
    return false;
  }
}

namespace {

/// False when there are not so many bytes, or they cannot be read.
bool read_whole(const util::Fd& file, std::span<std::byte> bytes, std::uint64_t offset) {
  return util::read_at(file.get(), bytes, offset) == bytes.size();
}

}  // namespace

std::filesystem::path page_map_directory(const run::Context& context) {
  return run::state_path(context.config, "pages");
}

std::optional<PageMap> PageMap::open(const std::filesystem::path& directory,
                                     const std::string& label, std::string& why) {
  const auto path = directory / (label + std::string{suffix});
  PageMap map;
  map.m_file = util::Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!map.m_file) {
    why = errno == ENOENT ? "this host has not kept the marks of its pages"
                          : fmt::format("{} cannot be read: {}", util::quoted(path.string()),
                                        std::strerror(errno));
    return std::nullopt;
  }
  why = fmt::format("{} is damaged", util::quoted(path.string()));
  struct stat status {};
  if (::fstat(map.m_file.get(), &status) != 0) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  Trailer trailer;
  if (size < sizeof trailer ||
      !read_whole(map.m_file, std::as_writable_bytes(std::span{&trailer, 1}),
                  size - sizeof trailer))
    return std::nullopt;
  const auto rest = size - sizeof trailer;
  if (trailer.format != Trailer{}.format || trailer.table_at > rest ||
      trailer.table_bytes != rest - trailer.table_at || trailer.table_at % sizeof(PageMark) != 0)
    return std::nullopt;
  std::string text(trailer.table_bytes, '\0');
  const auto bytes = std::as_writable_bytes(std::span{text});
  if (!read_whole(map.m_file, bytes, trailer.table_at) || hash_of(bytes) != trailer.table_hash)
    return std::nullopt;
  const auto marks = trailer.table_at / sizeof(PageMark);
  try {
    const auto table = json::parse(text);
    map.m_backup = backup_from(table);
    for (const auto& entry : table.at("files")) {
      const auto first = backup::count_from_json(entry.at(1), marks);
      const auto count = backup::count_from_json(entry.at(2), marks - first);
      map.m_files.emplace(backup::text_from_json(entry.at(0)), Entry{first, count});
    }
  } catch (const std::exception&) {
    return std::nullopt;
  }
  if (map.m_backup.label != label) return std::nullopt;
  return map;
}

std::optional<std::vector<PageMark>> PageMap::pages(const std::string& path) const {
  const auto found = m_files.find(path);
  if (found == m_files.end()) return std::nullopt;
  std::vector<PageMark> marks(found->second.count);
  if (!read_whole(m_file, std::as_writable_bytes(std::span{marks}),
                  found->second.first * sizeof(PageMark)))
    return std::nullopt;
  return marks;
}

std::vector<std::uint64_t> PageMap::bad_blocks(const std::string& path) const {
  std::vector<std::uint64_t> blocks;
  for (const auto& page : m_backup.bad_pages) {
    if (page.file == path) blocks.push_back(page.block);
  }
  std::ranges::sort(blocks);
  return blocks;
}

void clear_page_maps(const std::filesystem::path& directory, const std::vector<std::string>& kept) {
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry{directory, ignored}, end; !ignored && entry != end;
       entry.increment(ignored)) {
    const auto name = entry->path().filename().string();
    const bool is_map = name.ends_with(suffix);
    if (!is_map && !name.ends_with(part_suffix)) continue;
    const auto label = name.substr(0, name.size() - suffix.size());
    if (is_map && std::ranges::find(kept, label) != kept.end()) continue;
    std::error_code stays;
    std::filesystem::remove(entry->path(), stays);
  }
}

}  // namespace bkp::physical
