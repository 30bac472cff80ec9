#include "physical/incremental_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "pg/bytes_at.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::uint32_t magic = 0xD3AE1F0D;
constexpr std::string_view prefix = "INCREMENTAL.";
constexpr std::size_t number = sizeof(std::uint32_t);
constexpr std::size_t fixed = 3 * number;
/// Of a file: RELSEG_SIZE is 131072 pages in every package, and nobody builds more than this.
constexpr std::uint32_t most_pages = std::uint32_t{1} << 24U;

std::size_t header_bytes(std::size_t blocks) {
  if (blocks == 0) return fixed;
  const auto needed = fixed + blocks * number;
  return (needed + pg::page_size - 1) / pg::page_size * pg::page_size;
}

Error damaged(const std::string& path, std::string_view why) {
  return {ErrorKind::damaged,
          fmt::format("{} is no file of an incremental backup: {}", util::quoted(path), why)};
}

}  // namespace

std::string incremental_path(std::string_view path) {
  const auto slash = path.rfind('/') + 1;
  return fmt::format("{}{}{}", path.substr(0, slash), prefix, path.substr(slash));
}

std::optional<std::string> path_of_incremental(std::string_view path) {
  const auto slash = path.rfind('/') + 1;
  if (!path.substr(slash).starts_with(prefix)) return std::nullopt;
  return std::string{path.substr(0, slash)}.append(path.substr(slash + prefix.size()));
}

std::vector<std::byte> to_bytes(const IncrementalHeader& header) {
  std::vector<std::byte> bytes(header_bytes(header.blocks.size()));
  const std::array<std::uint32_t, 3> numbers{
      magic, static_cast<std::uint32_t>(header.blocks.size()), header.pages};
  std::memcpy(bytes.data(), numbers.data(), fixed);
  std::ranges::copy(std::as_bytes(std::span{header.blocks}), bytes.begin() + fixed);
  return bytes;
}

std::uint64_t bytes_of(const IncrementalHeader& header) {
  return header_bytes(header.blocks.size()) + std::uint64_t{header.blocks.size()} * pg::page_size;
}

IncrementalReader::IncrementalReader(std::string path, OnHeader on_header, OnPage on_page)
    : m_path{std::move(path)}, m_on_header{std::move(on_header)}, m_on_page{std::move(on_page)} {}

void IncrementalReader::write(std::span<const std::byte> data) {
  if (!m_header) {
    m_held.insert(m_held.end(), data.begin(), data.end());
    if (!take_header()) return;
    const auto rest = std::move(m_held);
    m_held.clear();
    write(std::span{rest}.subspan(header_bytes(m_header->blocks.size())));
    return;
  }
  m_cutter.add(data, [&](std::span<const std::byte> pages) {
    for_each_page(pages, 0, [&](pg::Page page, int) { take_page(page); });
  });
}

bool IncrementalReader::take_header() {
  if (m_held.size() < fixed) return false;
  if (pg::read_at<std::uint32_t>(m_held, 0) != magic) throw damaged(m_path, "its magic is wrong");
  const auto count = pg::read_at<std::uint32_t>(m_held, number);
  IncrementalHeader header;
  header.pages = pg::read_at<std::uint32_t>(m_held, 2 * number);
  if (header.pages > most_pages || count > header.pages)
    throw damaged(m_path, "it says it has more pages than a file can have");
  if (m_held.size() < header_bytes(count)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    header.blocks.push_back(pg::read_at<std::uint32_t>(m_held, fixed + i * number));
    if (header.blocks[i] >= header.pages || (i > 0 && header.blocks[i] <= header.blocks[i - 1]))
      throw damaged(m_path, "its list of pages is wrong");
  }
  m_on_header(header);
  m_header = std::move(header);
  return true;
}

void IncrementalReader::take_page(pg::Page page) {
  if (m_next == m_header->blocks.size()) throw damaged(m_path, "it is too long");
  m_on_page(m_header->blocks[m_next++], page);
}

void IncrementalReader::finish() {
  if (!m_header || !m_cutter.rest().empty() || m_next != m_header->blocks.size())
    throw damaged(m_path, "it is cut off");
}

}  // namespace bkp::physical
