#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Writes small archives in pg_dump's custom format, sound and unsound ones. The format is
/// described in pg/archive_reader.hpp.
namespace bkp::test {

struct ArchiveShape {
  int major_version = 1;
  int minor_version = 14;
  int integer_size = 4;
  int offset_size = 8;
  int format = 1;
  int compression = 0;
  /// Offsets filled in, as pg_dump does in a file; otherwise unknown, as in a pipe.
  bool known_offsets = false;
};

using Chunks = std::vector<std::string>;

struct WrittenEntry {
  int dump_id = 0;
  std::string description = {};
  std::string tag = {};
  std::string schema = {};
  std::string definition = {};
  std::optional<std::string> copy_statement = {};
  std::vector<int> dependencies = {};
  int section = 2;
  bool has_data = false;
  /// Offset flag instead of the right one.
  std::optional<int> offset_flag = {};
};

struct WrittenBlock {
  int type = 1;
  int dump_id = 0;
  Chunks chunks = {};                                                ///< of type 1
  std::vector<std::pair<std::uint32_t, Chunks>> large_objects = {};  ///< of type 3
};

inline std::string archived_integer(int size, std::int64_t value) {
  const auto magnitude = static_cast<std::uint64_t>(value < 0 ? -value : value);
  std::string bytes(1, value < 0 ? '\1' : '\0');
  for (int i = 0; i < size; ++i) {
    bytes += static_cast<char>(i < 8 ? magnitude >> (8 * i) & 0xffU : 0);
  }
  return bytes;
}

class ArchiveWriter {
 public:
  explicit ArchiveWriter(ArchiveShape shape = {}) : m_shape{shape} {}

  int add_entry(WrittenEntry entry) {
    if (entry.dump_id == 0) entry.dump_id = ++m_last_dump_id;
    m_entries.push_back(std::move(entry));
    return m_entries.back().dump_id;
  }
  void add_block(WrittenBlock block) { m_blocks.push_back(std::move(block)); }

  int add_encoding(const std::string& encoding) {
    return add_entry({.description = "ENCODING",
                      .tag = "ENCODING",
                      .definition = "SET client_encoding = '" + encoding + "';\n"});
  }
  /// A TABLE DATA entry and its block; `chunks` must hold the end marker.
  int add_table(const std::string& schema, const std::string& table, Chunks chunks) {
    const int dump_id =
        add_entry({.description = "TABLE DATA",
                   .tag = table,
                   .schema = schema,
                   .copy_statement = "COPY " + schema + "." + table + " (a) FROM stdin;\n",
                   .dependencies = {1},
                   .section = 3,
                   .has_data = true});
    add_block({.type = 1, .dump_id = dump_id, .chunks = std::move(chunks)});
    return dump_id;
  }
  int add_large_objects(std::vector<std::pair<std::uint32_t, Chunks>> objects) {
    const int dump_id =
        add_entry({.description = "BLOBS", .tag = "BLOBS", .section = 3, .has_data = true});
    add_block({.type = 3, .dump_id = dump_id, .large_objects = std::move(objects)});
    return dump_id;
  }

  std::string header() const {
    std::string bytes = "PGDMP";
    for (const int byte : {m_shape.major_version, m_shape.minor_version, 0, m_shape.integer_size,
                           m_shape.offset_size, m_shape.format}) {
      bytes += static_cast<char>(byte);
    }
    if (m_shape.minor_version >= 15) {
      bytes += static_cast<char>(m_shape.compression);
    } else {
      bytes += integer(m_shape.compression);
    }
    for (const int part : {30, 59, 23, 31, 11, 126, 0}) bytes += integer(part);
    return bytes + text("x121") + text("15.18 (Debian)") + text("15.19");
  }

  /// Header and table of contents.
  std::string contents() const { return contents(positions()); }

  std::string archive() const {
    std::string bytes = contents();
    for (const WrittenBlock& written : m_blocks) bytes += block(written);
    return bytes;
  }

  std::string integer(std::int64_t value) const {
    return archived_integer(m_shape.integer_size, value);
  }
  std::string text(const std::optional<std::string>& value) const {
    return value ? integer(static_cast<std::int64_t>(value->size())) + *value : integer(-1);
  }

 private:
  using Positions = std::vector<std::pair<int, std::uint64_t>>;  ///< dump id → of its block

  Positions positions() const {
    if (!m_shape.known_offsets) return {};
    std::uint64_t at = contents({}).size();
    Positions found;
    for (const WrittenBlock& written : m_blocks) {
      found.emplace_back(written.dump_id, at);
      at += block(written).size();
    }
    return found;
  }

  std::string contents(const Positions& positions) const {
    std::string bytes = header() + integer(static_cast<std::int64_t>(m_entries.size()));
    for (const WrittenEntry& written : m_entries) bytes += entry(written, positions);
    return bytes;
  }

  std::string entry(const WrittenEntry& entry, const Positions& positions) const {
    std::string bytes = integer(entry.dump_id) + integer(entry.has_data ? 1 : 0) + text("1259") +
                        text("16384") + text(entry.tag) + text(entry.description) +
                        integer(entry.section) + text(entry.definition) + text("") +
                        text(entry.copy_statement) + text(entry.schema) + text("pg_default");
    if (m_shape.minor_version >= 14) bytes += text("heap");
    if (m_shape.minor_version >= 16) bytes += integer('r');
    bytes += text("postgres") + text("false");
    for (const int dependency : entry.dependencies) bytes += text(std::to_string(dependency));
    bytes += text(std::nullopt);
    for (const auto& [dump_id, position] : positions) {
      if (dump_id == entry.dump_id) return bytes + offset(2, position);
    }
    return bytes + offset(entry.offset_flag.value_or(entry.has_data ? 1 : 3), 0);
  }

  std::string offset(int flag, std::uint64_t position) const {
    std::string bytes(1, static_cast<char>(flag));
    for (int i = 0; i < m_shape.offset_size; ++i) {
      bytes += static_cast<char>(i < 8 ? position >> (8 * i) & 0xffU : 0);
    }
    return bytes;
  }

  std::string chunks(const Chunks& pieces) const {
    std::string bytes;
    for (const std::string& piece : pieces) bytes += text(piece);
    return bytes + integer(0);
  }

  std::string block(const WrittenBlock& block) const {
    std::string bytes = static_cast<char>(block.type) + integer(block.dump_id);
    if (block.type != 3) return bytes + chunks(block.chunks);
    for (const auto& [oid, pieces] : block.large_objects) {
      // pg_dump writes an OID as a signed integer.
      bytes += integer(static_cast<std::int32_t>(oid)) + chunks(pieces);
    }
    return bytes + integer(0);
  }

  ArchiveShape m_shape;
  int m_last_dump_id = 0;
  std::vector<WrittenEntry> m_entries;
  std::vector<WrittenBlock> m_blocks;
};

}  // namespace bkp::test
