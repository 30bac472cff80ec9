#include "physical/file_copy.hpp"

#include <algorithm>

#include "physical/incremental_file.hpp"

namespace bkp::physical {

namespace {

class FileCopy {
 public:
  FileCopy(const run::Context& context, const PageReader& reader, const ClusterFile& file,
           TarWriter& tar, std::vector<backup::BadPage>& bad_pages)
      : m_context{context}, m_reader{reader}, m_file{file}, m_tar{tar}, m_bad_pages{bad_pages} {
    m_copied.by_pages = is_kept_by_pages(reader.relation(), reader.bytes());
    m_copied.whole = {file.path, reader.bytes(), reader.modified(), 0};
  }

  CopiedFile whole() {
    begin(m_file.path, m_reader.bytes());
    std::vector<std::byte> piece(std::min<std::uint64_t>(piece_size, m_reader.bytes()));
    FileSums sums{m_copied.by_pages};
    for (std::uint64_t offset = 0; offset < m_reader.bytes(); offset += piece.size()) {
      m_context.interrupt.check();
      const auto size = std::min<std::uint64_t>(piece.size(), m_reader.bytes() - offset);
      const auto bytes = std::span{piece}.first(size);
      m_reader.read(bytes, offset, m_bad_pages);
      sums.add(bytes);
      m_tar.write(bytes);
      m_context.progress.advance(size);
    }
    m_tar.end();
    m_copied.whole.crc32c = sums.crc32c();
    m_copied.pages = sums.take_marks();
    m_copied.stored = m_copied.whole;
    return std::move(m_copied);
  }

  CopiedFile changed(std::vector<std::uint32_t> blocks, std::span<const PageMark> before,
                     const std::vector<std::uint64_t>& bad_before) {
    const auto pages = static_cast<std::size_t>(m_reader.bytes() / pg::page_size);
    // They are as bad as they were.
    for (const auto block : bad_before) {
      if (block < pages && !std::ranges::binary_search(blocks, block))
        m_bad_pages.push_back({m_file.path, block});
    }
    m_copied.pages.assign(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(
                                                               std::min(pages, before.size())));
    m_copied.pages.resize(pages);
    const IncrementalHeader header{static_cast<std::uint32_t>(pages), std::move(blocks)};
    const auto head = to_bytes(header);
    begin(incremental_path(m_file.path), bytes_of(header));
    m_tar.write(head);
    PagesCrc stored{pg::crc32c(head)};
    std::vector<std::byte> page(pg::page_size);
    for (const auto block : header.blocks) {
      m_context.interrupt.check();
      m_reader.read(page, std::uint64_t{block} * pg::page_size, m_bad_pages);
      const auto mark = mark_of(std::span{page}.first<pg::page_size>());
      m_copied.pages[block] = mark;
      stored.add(mark);
      m_tar.write(page);
    }
    m_tar.end();
    m_copied.stored = {incremental_path(m_file.path), bytes_of(header), m_reader.modified(),
                       stored.value()};
    PagesCrc whole;
    for (const auto& mark : m_copied.pages) whole.add(mark);
    m_copied.whole.crc32c = whole.value();
    return std::move(m_copied);
  }

  bool by_pages() const { return m_copied.by_pages; }

 private:
  void begin(const std::string& path, std::uint64_t bytes) {
    m_tar.begin({path, TarEntry::Type::file, bytes, m_file.mode, m_reader.modified()});
  }

  const run::Context& m_context;
  const PageReader& m_reader;
  const ClusterFile& m_file;
  TarWriter& m_tar;
  std::vector<backup::BadPage>& m_bad_pages;
  CopiedFile m_copied;
};

}  // namespace

bool is_kept_by_pages(const std::optional<RelationFile>& relation, std::uint64_t bytes) {
  return relation && relation->fork != Fork::init && bytes % pg::page_size == 0;
}

std::optional<CopiedFile> copy_file(const run::Context& context, const ReadingRules& rules,
                                    const ClusterFile& file, const PagesBefore* before,
                                    TarWriter& tar, std::vector<backup::BadPage>& bad_pages) {
  const auto reader = PageReader::open(context, rules, file);
  if (!reader) return std::nullopt;
  FileCopy copy{context, *reader, file, tar, bad_pages};
  if (before != nullptr && copy.by_pages()) {
    if (const auto marks = before->map.pages(file.path))
      return copy.changed(before->changed->find(*reader, *marks), *marks,
                          before->map.bad_blocks(file.path));
  }
  return copy.whole();
}

}  // namespace bkp::physical
