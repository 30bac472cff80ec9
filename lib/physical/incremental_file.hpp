#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pg/page_checksum.hpp"
#include "physical/page_cutter.hpp"
#include "stream/sink.hpp"

namespace bkp::physical {

/// A file of which only some pages are stored, the others being those of the backup before: what
/// PostgreSQL 17 writes, and pg_combinebackup(1) reads. It stands beside the place of the file it
/// is of, as "INCREMENTAL.NAME": src/backend/backup/basebackup_incremental.c,
/// src/bin/pg_combinebackup/reconstruct.c. Three numbers of 32 bits (magic, number of blocks,
/// pages of the file), the blocks' numbers, zeroes up to the next page, and the pages.

struct IncrementalHeader {
  std::uint32_t pages = 0;            ///< that the whole file has
  std::vector<std::uint32_t> blocks;  ///< that are here, counted in this file; ascending
};

/// "base/5/1259.1" → "base/5/INCREMENTAL.1259.1"
std::string incremental_path(std::string_view path);
/// The inverse; nullopt for a path that is none of these.
std::optional<std::string> path_of_incremental(std::string_view path);

std::vector<std::byte> to_bytes(const IncrementalHeader& header);
/// Of the whole file as it is stored.
std::uint64_t bytes_of(const IncrementalHeader& header);

/// Takes such a file apart. Throws Error{damaged} for what is none, with `path` in it.
class IncrementalReader final : public stream::Sink {
 public:
  using OnHeader = std::function<void(const IncrementalHeader& header)>;
  using OnPage = std::function<void(std::uint32_t block, pg::Page page)>;
  IncrementalReader(std::string path, OnHeader on_header, OnPage on_page);
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override {}

 private:
  bool take_header();
  void take_page(pg::Page page);

  std::string m_path;
  OnHeader m_on_header;
  OnPage m_on_page;
  std::vector<std::byte> m_held;  ///< of the header
  PageCutter m_cutter;
  std::optional<IncrementalHeader> m_header;
  std::size_t m_next = 0;  ///< of the header's blocks
};

}  // namespace bkp::physical
