#include "physical/tar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t block_size = 512;

/// A field of the header.
struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field uid_field{108, 8};
constexpr Field gid_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field mtime_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr std::size_t type_offset = 156;
constexpr Field magic_field{257, 8};
constexpr Field prefix_field{345, 155};

constexpr char regular_type = '0';
constexpr char directory_type = '5';
constexpr char extension_type = 'x';

/// What a size field of 11 octal digits can hold.
constexpr std::uint64_t largest_octal = (std::uint64_t{1} << 33U) - 1;
constexpr std::size_t largest_extension = std::size_t{64} << 10U;

using Block = std::array<char, block_size>;

std::uint64_t padding_of(std::uint64_t bytes) {
  return (block_size - bytes % block_size) % block_size;
}

void put(Block& block, Field field, std::string_view text) {
  std::memcpy(block.data() + field.offset, text.data(), std::min(text.size(), field.size));
}

void put_octal(Block& block, Field field, std::uint64_t value) {
  put(block, field, fmt::format("{:0{}o}", value, field.size - 1));
}

/// The sum of all bytes, those of the checksum itself as blanks.
std::uint64_t checksum_of(const Block& block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= checksum_field.offset && i < checksum_field.offset + checksum_field.size;
    sum += own ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

Error damaged(const std::string& why) {
  return {ErrorKind::damaged, "the tar archive is damaged: " + why};
}

std::string text_in(const Block& block, Field field) {
  const std::string_view text{block.data() + field.offset, field.size};
  return std::string{text.substr(0, text.find('\0'))};
}

/// Octal digits, or big-endian binary where the first bit says so (as PostgreSQL and GNU write
/// what is too large for those).
std::uint64_t number_in(const Block& block, Field field) {
  const auto* at = reinterpret_cast<const unsigned char*>(block.data()) + field.offset;
  std::uint64_t value = 0;
  if ((at[0] & 0x80U) != 0) {
    for (std::size_t i = 1; i < field.size; ++i) {
      if (value >> 56U != 0) throw damaged("a number is too large");
      value = value << 8U | at[i];
    }
    return value;
  }
  std::size_t i = 0;
  while (i < field.size && at[i] == ' ') ++i;
  for (; i < field.size && at[i] >= '0' && at[i] <= '7'; ++i) value = value * 8 + (at[i] - '0');
  if (i < field.size && at[i] != ' ' && at[i] != '\0') throw damaged("a number is none");
  return value;
}

std::uint64_t decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw damaged("a pax header is malformed");
  return value;
}

/// One record of a pax header, "LENGTH KEY=VALUE\n".
std::string extension_record(std::string_view key, std::string_view value) {
  const auto rest = key.size() + value.size() + 3;
  auto length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return fmt::format("{} {}={}\n", length, key, value);
}

}  // namespace

void TarWriter::begin(const TarEntry& entry) {
  std::string extension;
  const std::string name = entry.type == TarEntry::Type::directory ? entry.path + "/" : entry.path;
  if (name.size() > name_field.size) extension += extension_record("path", name);
  if (entry.bytes > largest_octal)
    extension += extension_record("size", std::to_string(entry.bytes));
  if (!extension.empty()) {
    write_header("pax", extension_type, extension.size(), entry);
    m_sink.write(std::as_bytes(std::span{extension}));
    pad(padding_of(extension.size()));
  }
  const bool file = entry.type == TarEntry::Type::file;
  write_header(name, file ? regular_type : directory_type, file ? entry.bytes : 0, entry);
  m_left = m_bytes = file ? entry.bytes : 0;
}

void TarWriter::write_header(const std::string& name, char type, std::uint64_t bytes,
                             const TarEntry& entry) {
  Block block{};
  put(block, name_field, name);
  put_octal(block, mode_field, entry.mode);
  put_octal(block, uid_field, 0);
  put_octal(block, gid_field, 0);
  put_octal(block, size_field, std::min(bytes, largest_octal));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(entry.modified).time_since_epoch();
  put_octal(block, mtime_field,
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, seconds.count())));
  block[type_offset] = type;
  put(block, magic_field, std::string_view{"ustar\00000", 8});
  put(block, checksum_field, fmt::format("{:06o}", checksum_of(block)));
  block[checksum_field.offset + 7] = ' ';
  m_sink.write(std::as_bytes(std::span{block}));
}

void TarWriter::write(std::span<const std::byte> data) {
  if (data.size() > m_left)
    throw Error{ErrorKind::internal, "tar: a file has more bytes than its header says"};
  m_left -= data.size();
  m_sink.write(data);
}

void TarWriter::end() {
  if (m_left != 0)
    throw Error{ErrorKind::internal, "tar: a file has fewer bytes than its header says"};
  pad(padding_of(m_bytes));
}

void TarWriter::finish() {
  pad(2 * block_size);
}

void TarWriter::pad(std::uint64_t bytes) {
  static constexpr std::array<std::byte, 2 * block_size> zeroes{};
  m_sink.write(std::span{zeroes}.first(bytes));
}

TarReader::TarReader(Open open) : m_open{std::move(open)} {}

TarReader::~TarReader() {
  TarReader::abort();
}

void TarReader::write(std::span<const std::byte> data) {
  while (!data.empty()) {
    if (m_in_file) {
      const auto piece = data.first(std::min<std::uint64_t>(data.size(), m_left));
      if (m_file) m_file->write(piece);
      m_left -= piece.size();
      data = data.subspan(piece.size());
      if (m_left == 0) end_entry();
    } else if (m_extension_left > 0) {
      const auto piece = data.first(std::min<std::uint64_t>(data.size(), m_extension_left));
      m_extension.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      m_extension_left -= piece.size();
      data = data.subspan(piece.size());
      if (m_extension_left == 0) take_extension();
    } else if (m_padding > 0) {
      const auto passed = std::min<std::uint64_t>(data.size(), m_padding);
      m_padding -= passed;
      data = data.subspan(passed);
    } else {
      const auto piece = data.first(std::min(data.size(), block_size - m_block.size()));
      m_block.insert(m_block.end(), piece.begin(), piece.end());
      data = data.subspan(piece.size());
      if (m_block.size() < block_size) continue;
      take_header();
      m_block.clear();
    }
  }
}

void TarReader::take_header() {
  Block block;
  std::memcpy(block.data(), m_block.data(), block_size);
  if (std::ranges::all_of(block, [](char c) { return c == '\0'; })) {
    ++m_zero_blocks;
    return;
  }
  if (m_zero_blocks > 0) throw damaged("something follows its end");
  if (number_in(block, checksum_field) != checksum_of(block))
    throw damaged("a header has a wrong checksum");
  const char type = block[type_offset];
  const auto bytes = number_in(block, size_field);
  if (type == extension_type) {
    if (bytes > largest_extension) throw damaged("a pax header is too large");
    m_extension.clear();
    m_extension_left = bytes;
    m_padding = padding_of(bytes);
    return;
  }
  TarEntry entry;
  entry.path = text_in(block, name_field);
  if (const auto prefix = text_in(block, prefix_field); !prefix.empty())
    entry.path = prefix + "/" + entry.path;
  if (!m_long_path.empty()) entry.path = std::exchange(m_long_path, {});
  entry.mode = static_cast<unsigned>(number_in(block, mode_field)) & 07777U;
  entry.bytes = m_long_size ? *std::exchange(m_long_size, std::nullopt) : bytes;
  entry.modified =
      util::Time{std::chrono::seconds{std::min(number_in(block, mtime_field), largest_octal)}};
  if (type == directory_type) {
    entry.type = TarEntry::Type::directory;
    while (entry.path.ends_with('/')) entry.path.pop_back();
  } else if (type != regular_type && type != '\0') {
    throw damaged(fmt::format("{} is of type {}, neither file nor directory",
                              util::quoted(entry.path), util::quoted(std::string{type})));
  }
  begin_entry(entry);
}

void TarReader::take_extension() {
  std::string_view rest = m_extension;
  while (!rest.empty()) {
    const auto blank = rest.find(' ');
    if (blank == rest.npos) throw damaged("a pax header is malformed");
    const auto length = decimal(rest.substr(0, blank));
    if (length <= blank + 1 || length > rest.size() || rest[length - 1] != '\n')
      throw damaged("a pax header is malformed");
    const auto record = rest.substr(blank + 1, length - blank - 2);
    const auto equals = record.find('=');
    if (equals == record.npos) throw damaged("a pax header is malformed");
    const auto key = record.substr(0, equals);
    if (key == "path") m_long_path = record.substr(equals + 1);
    if (key == "size") m_long_size = decimal(record.substr(equals + 1));
    rest.remove_prefix(length);
  }
}

void TarReader::begin_entry(const TarEntry& entry) {
  m_left = entry.type == TarEntry::Type::file ? entry.bytes : 0;
  m_padding = padding_of(m_left);
  m_file = m_open(entry);
  m_in_file = true;
  if (m_left == 0) end_entry();
}

void TarReader::end_entry() {
  if (m_file) m_file->finish();
  m_file.reset();
  m_in_file = false;
}

void TarReader::finish() {
  if (m_in_file || m_extension_left > 0 || m_padding > 0 || !m_block.empty())
    throw damaged("it ends within an entry");
  if (m_zero_blocks < 2) throw damaged("its end is missing");
}

void TarReader::abort() noexcept {
  if (m_file) m_file->abort();
  m_file.reset();
}

}  // namespace bkp::physical
