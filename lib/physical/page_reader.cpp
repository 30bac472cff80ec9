#include "physical/page_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr int attempts = 4;
constexpr std::chrono::milliseconds between_attempts{20};

}  // namespace

void require_known_page_size(std::uint64_t bytes) {
  if (bytes == pg::page_size) return;
  throw Error{ErrorKind::refused, fmt::format("the server was built with pages of {} bytes, not {}",
                                              bytes, pg::page_size)};
}

/// Checksums count blocks from the beginning of the relation.
bool has_good_checksum(pg::Page page, const RelationFile& relation, std::uint64_t block,
                       const ReadingRules& rules) {
  if (pg::is_new_page(page) || pg::page_lsn(page) >= rules.start) return true;
  const auto of_relation =
      static_cast<std::uint32_t>(std::uint64_t{relation.segment} * rules.segment_pages + block);
  return pg::page_checksum(page, of_relation) == pg::stored_checksum(page);
}

PageReader::PageReader(const run::Context& context, const ReadingRules& rules,
                       const ClusterFile& file)
    : m_context{context},
      m_rules{rules},
      m_file{file},
      m_path{rules.data / file.path},
      m_relation{parse_relation_file(file.path)},
      m_fd{::open(m_path.c_str(), O_RDONLY | O_CLOEXEC)} {}

std::optional<PageReader> PageReader::open(const run::Context& context, const ReadingRules& rules,
                                           const ClusterFile& file) {
  PageReader reader{context, rules, file};
  if (!reader.m_fd) {
    if (errno == ENOENT) return std::nullopt;
    throw reader.failed(errno);
  }
  struct stat status {};
  if (::fstat(reader.m_fd.get(), &status) != 0) throw reader.failed(errno);
  reader.m_bytes = static_cast<std::uint64_t>(status.st_size);
  reader.m_modified = util::Time{std::chrono::seconds{status.st_mtim.tv_sec}};
  return reader;
}

void PageReader::read(std::span<std::byte> piece, std::uint64_t offset) const {
  std::ranges::fill(piece.subspan(read_some(piece, offset)), std::byte{0});
}

void PageReader::read(std::span<std::byte> piece, std::uint64_t offset,
                      std::vector<backup::BadPage>& bad_pages) const {
  const auto got = read_some(piece, offset);
  std::ranges::fill(piece.subspan(got), std::byte{0});
  if (!m_rules.page_checksums || !m_relation) return;
  for (std::size_t at = 0; at + pg::page_size <= got; at += pg::page_size) {
    const auto page = piece.subspan(at).first<pg::page_size>();
    const auto block = (offset + at) / pg::page_size;
    if (has_good_checksum(page, *m_relation, block, m_rules)) continue;
    if (!read_again(page, offset + at, block)) bad_pages.push_back({m_file.path, block});
  }
}

std::size_t PageReader::read_some(std::span<std::byte> piece, std::uint64_t offset) const {
  const auto got = util::read_at(m_fd.get(), piece, offset);
  if (!got) throw failed(errno);
  return *got;
}

bool PageReader::read_again(std::span<std::byte, pg::page_size> page, std::uint64_t offset,
                            std::uint64_t block) const {
  for (int attempt = 1; attempt < attempts; ++attempt) {
    m_context.clock.sleep_for(between_attempts);
    // Cut off meanwhile: recovery does the same.
    if (read_some(page, offset) < page.size() ||
        has_good_checksum(page, *m_relation, block, m_rules))
      return true;
  }
  return false;
}

Error PageReader::failed(int error_number) const {
  return Error::from_errno(ErrorKind::store, "cannot read " + util::quoted(m_path.string()),
                           error_number);
}

}  // namespace bkp::physical
