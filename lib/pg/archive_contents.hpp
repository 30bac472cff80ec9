#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pg/archive_input.hpp"
#include "pg/archive_reader.hpp"

namespace bkp::pg {

/// Parses an archive's header and table of contents: the first part of ArchiveReader, which
/// describes the format. Throws Error{damaged}.
class ArchiveContents {
 public:
  /// A table of contents that takes more than `limit` bytes of memory, as no sound one does, is
  /// damaged: it is held whole, and may come compressed out of a store that wishes us ill.
  explicit ArchiveContents(std::size_t limit = std::size_t{1} << 30U) : m_limit{limit} {}

  /// Reads on; true when the table of contents is complete or the archive proved unreadable.
  bool parse(ArchiveInput& input);

  const std::optional<std::string>& unreadable() const { return m_unreadable; }
  const ArchiveHeader& header() const { return m_header; }
  const std::vector<ArchiveEntry>& entries() const { return m_entries; }
  /// Where the entry says its data block stands; nullopt when it was not known when it was written.
  std::optional<std::uint64_t> known_position(std::size_t entry) const {
    return m_known_positions[entry];
  }
  /// Index of the entry with this dump id.
  std::optional<std::size_t> find(std::int64_t dump_id) const;
  /// How far it has come, for messages: "the header", "entry 3 of 17 of the table of contents".
  std::string progress() const;

 private:
  enum class Kind { bytes, integer, string, strings, offset };
  /// What was read for a step: the number of an integer, the text of a string (nullopt = NULL), the
  /// bytes of bytes and offset.
  struct Value {
    std::int64_t number = 0;
    std::optional<std::string_view> text;
    std::span<const std::byte> bytes;
  };
  struct Step {
    Kind kind;
    void (ArchiveContents::*store)(const Value&);  ///< nullptr: nobody needs it
    std::size_t size = 0;                          ///< of bytes
    int first_minor = 0;                           ///< versions 1.first … 1.last have this step
    int last_minor = 255;
  };
  static const std::array<Step, 16> k_header;
  static const std::array<Step, 18> k_entry;

  std::optional<Value> read(Kind kind, std::size_t size);
  std::optional<Value> read_integer();
  std::optional<Value> read_string();
  void take_magic(const Value& value);
  void take_version(const Value& value);
  void take_layout(const Value& value);
  void take_compression_level(const Value& value);
  void take_compression_algorithm(const Value& value);
  void take_date(const Value& value);
  void take_database(const Value& value);
  void take_server_version(const Value& value);
  void take_dump_version(const Value& value);
  void take_count(const Value& value);
  void take_dump_id(const Value& value);
  void take_has_data(const Value& value);
  void take_oid(const Value& value);
  void take_tag(const Value& value);
  void take_description(const Value& value);
  void take_section(const Value& value);
  void take_definition(const Value& value);
  void take_copy_statement(const Value& value);
  void take_schema(const Value& value);
  void take_relkind(const Value& value);
  void take_owner(const Value& value);
  void take_with_oids(const Value& value);
  void take_dependency(const Value& value);
  void take_offset(const Value& value);
  void end_entry();
  /// Counts memory that is about to be held.
  void account(std::size_t bytes);

  std::size_t m_limit;
  std::size_t m_held = 0;
  ArchiveInput* m_input = nullptr;  ///< during parse()
  std::span<const Step> m_steps = k_header;
  std::size_t m_step = 0;
  std::optional<std::size_t> m_text_size;  ///< of the string being read

  std::optional<std::string> m_unreadable;
  ArchiveHeader m_header;
  std::size_t m_count = 0;
  ArchiveEntry m_entry;  ///< being read
  std::optional<std::uint64_t> m_entry_position;
  std::vector<ArchiveEntry> m_entries;
  std::vector<std::optional<std::uint64_t>> m_known_positions;
  std::unordered_map<std::int64_t, std::size_t> m_by_dump_id;
};

}  // namespace bkp::pg
