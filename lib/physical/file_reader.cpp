#include "physical/file_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "pg/crc32c.hpp"
#include "pg/page_checksum.hpp"
#include "physical/data_file.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t piece_size = 128 * pg::page_size;
constexpr int attempts = 4;
constexpr std::chrono::milliseconds between_attempts{20};

class Reader {
 public:
  Reader(const run::Context& context, const ReadingRules& rules, const ClusterFile& file,
         std::vector<backup::BadPage>& bad_pages)
      : m_context{context},
        m_rules{rules},
        m_file{file},
        m_path{rules.data / file.path},
        m_bad_pages{bad_pages} {
    if (rules.page_checksums) m_relation = parse_relation_file(file.path);
  }

  /// False when there is none.
  bool open() {
    m_fd = util::Fd{::open(m_path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (m_fd) return true;
    if (errno == ENOENT) return false;
    throw failed(errno);
  }

  struct stat status() const {
    struct stat status {};
    if (::fstat(m_fd.get(), &status) != 0) throw failed(errno);
    return status;
  }

  /// The bytes that there are from `offset` on, up to the piece's size.
  std::size_t read(std::span<std::byte> piece, std::uint64_t offset) const {
    std::size_t filled = 0;
    while (filled < piece.size()) {
      const auto got = ::pread(m_fd.get(), piece.data() + filled, piece.size() - filled,
                               static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw failed(errno);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

  /// Verifies the whole pages of a piece, and reads again those that do not match.
  void verify(std::span<std::byte> piece, std::uint64_t offset) {
    if (!m_relation) return;
    for (std::size_t at = 0; at + pg::page_size <= piece.size(); at += pg::page_size) {
      const auto page = piece.subspan(at).first<pg::page_size>();
      const auto block = (offset + at) / pg::page_size;
      if (is_good(page, block)) continue;
      if (!read_again(page, offset + at, block)) m_bad_pages.push_back({m_file.path, block});
    }
  }

 private:
  Error failed(int error_number) const {
    return Error::from_errno(ErrorKind::store, "cannot read " + util::quoted(m_path.string()),
                             error_number);
  }

  /// Blocks are counted from the beginning of the relation.
  bool is_good(pg::Page page, std::uint64_t block) const {
    if (pg::is_new_page(page) || pg::page_lsn(page) >= m_rules.start) return true;
    const auto of_relation = static_cast<std::uint32_t>(
        std::uint64_t{m_relation->segment} * m_rules.segment_pages + block);
    return pg::page_checksum(page, of_relation) == pg::stored_checksum(page);
  }

  bool read_again(std::span<std::byte, pg::page_size> page, std::uint64_t offset,
                  std::uint64_t block) const {
    for (int attempt = 1; attempt < attempts; ++attempt) {
      m_context.clock.sleep_for(between_attempts);
      // Cut off meanwhile: recovery does the same.
      if (read(page, offset) < page.size() || is_good(page, block)) return true;
    }
    return false;
  }

  const run::Context& m_context;
  const ReadingRules& m_rules;
  const ClusterFile& m_file;
  std::filesystem::path m_path;
  std::vector<backup::BadPage>& m_bad_pages;
  std::optional<RelationFile> m_relation;
  util::Fd m_fd;
};

}  // namespace

std::optional<ManifestFile> copy_file(const run::Context& context, const ReadingRules& rules,
                                      const ClusterFile& file, TarWriter& tar,
                                      std::vector<backup::BadPage>& bad_pages) {
  Reader reader{context, rules, file, bad_pages};
  if (!reader.open()) return std::nullopt;
  const auto status = reader.status();
  ManifestFile copied;
  copied.path = file.path;
  copied.bytes = static_cast<std::uint64_t>(status.st_size);
  copied.modified = util::Time{std::chrono::seconds{status.st_mtim.tv_sec}};
  tar.begin({file.path, TarEntry::Type::file, copied.bytes, file.mode, copied.modified});
  std::vector<std::byte> piece(std::min<std::uint64_t>(piece_size, copied.bytes));
  auto crc = pg::crc32c_start;
  for (std::uint64_t offset = 0; offset < copied.bytes; offset += piece.size()) {
    context.interrupt.check();
    const auto wanted = std::min<std::uint64_t>(piece.size(), copied.bytes - offset);
    const auto bytes = std::span{piece}.first(wanted);
    const auto got = reader.read(bytes, offset);
    std::ranges::fill(bytes.subspan(got), std::byte{0});
    reader.verify(bytes.first(got), offset);
    crc = pg::crc32c_update(crc, bytes);
    tar.write(bytes);
    context.progress.advance(wanted);
  }
  tar.end();
  copied.crc32c = pg::crc32c_finish(crc);
  return copied;
}

}  // namespace bkp::physical
