#include "pg/archive_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pg/archive_contents.hpp"
#include "pg/archive_input.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::pg {

namespace {

constexpr int k_table_block = 1;
constexpr int k_large_objects_block = 3;
/// A row or a page of a large object is a chunk; PostgreSQL makes no row's text longer than this.
constexpr std::int64_t k_longest_chunk = std::int64_t{1} << 30U;

std::string describe(const ArchiveEntry& entry) {
  const std::string name = entry.schema.empty() ? entry.tag : entry.schema + "." + entry.tag;
  return fmt::format("{} {} (dump id {})", util::printable(entry.description), util::quoted(name),
                     entry.dump_id);
}

}  // namespace

struct ArchiveReader::State {
  explicit State(ArchiveListener& to) : listener{to} {}

  /// What comes next. Every step_… returns false when it needs more input.
  enum class Part { contents, block_type, block_id, oid, chunk, unreadable };

  bool step() {
    switch (part) {
      case Part::contents:
        return step_contents();
      case Part::block_type:
        return step_block_type();
      case Part::block_id:
        return step_block_id();
      case Part::oid:
        return step_oid();
      case Part::chunk:
        return step_chunks();
      case Part::unreadable:
        break;
    }
    return false;
  }

  bool step_contents();
  bool step_block_type();
  bool step_block_id();
  bool step_oid();
  bool step_chunks();
  bool take_chunk_length();
  std::optional<std::int64_t> take_integer();
  const ArchiveEntry& entry() const { return contents.entries()[current]; }
  void check_complete() const;

  ArchiveListener& listener;
  ArchiveInput input;
  ArchiveContents contents;
  Part part = Part::contents;
  std::vector<bool> seen;            ///< entries of which the data block came
  std::uint64_t block_position = 0;  ///< of the block being read
  int block_type = 0;
  std::size_t current = 0;     ///< index of the entry the block belongs to
  std::size_t chunk_left = 0;  ///< bytes of the current chunk still to come
};

ArchiveReader::ArchiveReader(ArchiveListener& listener)
    : m_state{std::make_unique<State>(listener)} {}

ArchiveReader::~ArchiveReader() = default;

void ArchiveReader::write(std::span<const std::byte> data) {
  m_state->input.feed(data);
  while (m_state->step()) {
  }
}

void ArchiveReader::finish() {
  if (m_state->part != State::Part::unreadable) m_state->check_complete();
}

const std::optional<std::string>& ArchiveReader::unreadable() const {
  return m_state->contents.unreadable();
}

bool ArchiveReader::State::step_contents() {
  if (!contents.parse(input)) return false;
  if (contents.unreadable()) {
    part = Part::unreadable;
    return false;
  }
  seen.resize(contents.entries().size());
  listener.on_contents(contents.header(), contents.entries());
  part = Part::block_type;
  return true;
}

bool ArchiveReader::State::step_block_type() {
  block_position = input.position();
  const auto type = input.take_some(1);
  if (type.empty()) return false;
  block_type = std::to_integer<int>(type[0]);
  if (block_type != k_table_block && block_type != k_large_objects_block) {
    input.fail(fmt::format("a data block of unknown type {}", block_type));
  }
  part = Part::block_id;
  return true;
}

bool ArchiveReader::State::step_block_id() {
  const auto dump_id = take_integer();
  if (!dump_id) return false;
  const auto found = contents.find(*dump_id);
  if (!found || !contents.entries()[*found].has_data) {
    input.fail(
        fmt::format("data for dump id {}, which has none by the table of contents", *dump_id));
  }
  current = *found;
  if (seen[current]) input.fail("a second data block of " + describe(entry()));
  seen[current] = true;
  if ((entry().description == "BLOBS") != (block_type == k_large_objects_block)) {
    input.fail(fmt::format("a data block of type {} for {}", block_type, describe(entry())));
  }
  if (contents.known_position(current).value_or(block_position) != block_position) {
    input.fail(fmt::format("the data of {} stands at byte {}, not {} as the table of contents says",
                           describe(entry()), block_position, *contents.known_position(current)));
  }
  listener.on_data_start(entry(), block_position);
  part = block_type == k_table_block ? Part::chunk : Part::oid;
  return true;
}

bool ArchiveReader::State::step_oid() {
  const auto number = take_integer();
  if (!number) return false;
  const auto oid = static_cast<std::uint32_t>(*number);
  if (oid == 0) {
    listener.on_data_end(entry());
    part = Part::block_type;
  } else {
    listener.on_large_object_start(oid);
    part = Part::chunk;
  }
  return true;
}

bool ArchiveReader::State::step_chunks() {
  for (;;) {
    if (chunk_left == 0) {
      if (!take_chunk_length()) return false;
      if (chunk_left == 0) return true;
    }
    const auto piece = input.take_some(chunk_left);
    if (piece.empty()) return false;
    chunk_left -= piece.size();
    if (block_type == k_table_block) {
      listener.on_table_data(piece);
    } else {
      listener.on_large_object_data(piece);
    }
  }
}

/// False when the length has not arrived yet; a length of 0 ends the chunks.
bool ArchiveReader::State::take_chunk_length() {
  const auto length = take_integer();
  if (!length) return false;
  if (*length < 0 || *length > k_longest_chunk) {
    input.fail(fmt::format("{} bytes of data in one piece, in {}", *length, describe(entry())));
  }
  chunk_left = static_cast<std::size_t>(*length);
  if (chunk_left > 0) return true;
  if (block_type == k_table_block) {
    listener.on_data_end(entry());
    part = Part::block_type;
  } else {
    listener.on_large_object_end();
    part = Part::oid;
  }
  return true;
}

std::optional<std::int64_t> ArchiveReader::State::take_integer() {
  const auto bytes = input.take(1 + static_cast<std::size_t>(contents.header().integer_size));
  if (!bytes) return std::nullopt;
  const auto number = decode_integer(*bytes);
  if (!number) input.fail("not an integer");
  return number;
}

void ArchiveReader::State::check_complete() const {
  if (part == Part::contents) input.fail("it ends within " + contents.progress());
  if (part == Part::block_id) input.fail("it ends within the head of a data block");
  if (part != Part::block_type) input.fail("it ends within the data of " + describe(entry()));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (contents.entries()[i].has_data && !seen[i]) {
      input.fail("it ends without the data of " + describe(contents.entries()[i]));
    }
  }
}

}  // namespace bkp::pg
