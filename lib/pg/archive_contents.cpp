#include "pg/archive_contents.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::pg {

namespace {

constexpr std::string_view k_magic = "PGDMP";
constexpr int k_oldest_minor = 12;
constexpr int k_newest_minor = 16;
constexpr int k_custom_format = 1;
constexpr int k_widest_number = 32;
/// PostgreSQL allocates no larger text (MaxAllocSize), so none can get into an archive.
constexpr std::int64_t k_longest_text = std::int64_t{1} << 30U;
/// What an entry takes beside its texts: itself, its position and its place in the map.
constexpr std::size_t k_entry_size = sizeof(ArchiveEntry) + 64;
constexpr int k_offset_known = 2;
constexpr int k_offset_no_data = 3;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class Number>
std::optional<Number> parse_decimal(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

const std::array<ArchiveContents::Step, 16> ArchiveContents::k_header{{
    {Kind::bytes, &ArchiveContents::take_magic, k_magic.size()},
    {Kind::bytes, &ArchiveContents::take_version, 3},
    {Kind::bytes, &ArchiveContents::take_layout, 3},
    {Kind::integer, &ArchiveContents::take_compression_level, 0, 0, 14},
    {Kind::bytes, &ArchiveContents::take_compression_algorithm, 1, 15},
    {Kind::integer, &ArchiveContents::take_date},  // sec
    {Kind::integer, &ArchiveContents::take_date},  // min
    {Kind::integer, &ArchiveContents::take_date},  // hour
    {Kind::integer, &ArchiveContents::take_date},  // mday
    {Kind::integer, &ArchiveContents::take_date},  // mon
    {Kind::integer, &ArchiveContents::take_date},  // year
    {Kind::integer, &ArchiveContents::take_date},  // isdst
    {Kind::string, &ArchiveContents::take_database},
    {Kind::string, &ArchiveContents::take_server_version},
    {Kind::string, &ArchiveContents::take_dump_version},
    {Kind::integer, &ArchiveContents::take_count},
}};

const std::array<ArchiveContents::Step, 18> ArchiveContents::k_entry{{
    {Kind::integer, &ArchiveContents::take_dump_id},
    {Kind::integer, &ArchiveContents::take_has_data},
    {Kind::string, &ArchiveContents::take_oid},  // of the catalog
    {Kind::string, &ArchiveContents::take_oid},  // of the object
    {Kind::string, &ArchiveContents::take_tag},
    {Kind::string, &ArchiveContents::take_description},
    {Kind::integer, &ArchiveContents::take_section},
    {Kind::string, &ArchiveContents::take_definition},
    {Kind::string, nullptr},  // drop statement
    {Kind::string, &ArchiveContents::take_copy_statement},
    {Kind::string, &ArchiveContents::take_schema},
    {Kind::string, nullptr},         // tablespace
    {Kind::string, nullptr, 0, 14},  // table access method
    {Kind::integer, &ArchiveContents::take_relkind, 0, 16},
    {Kind::string, &ArchiveContents::take_owner},
    {Kind::string, &ArchiveContents::take_with_oids},
    {Kind::strings, &ArchiveContents::take_dependency},
    {Kind::offset, &ArchiveContents::take_offset},
}};

bool ArchiveContents::parse(ArchiveInput& input) {
  m_input = &input;
  while (!m_unreadable) {
    if (m_step == m_steps.size()) {
      if (m_steps.data() == k_entry.data()) end_entry();
      if (m_entries.size() == m_count) return true;
      m_steps = k_entry;
      m_step = 0;
    }
    const Step& step = m_steps[m_step];
    const int minor = m_header.version.minor_version;
    if (minor < step.first_minor || minor > step.last_minor) {
      ++m_step;
      continue;
    }
    const auto value = read(step.kind, step.size);
    if (!value) return false;
    if (step.store) (this->*step.store)(*value);
    const bool more_of_the_same = step.kind == Kind::strings && value->text;
    if (!more_of_the_same) ++m_step;
  }
  return true;
}

std::optional<ArchiveContents::Value> ArchiveContents::read(Kind kind, std::size_t size) {
  if (kind == Kind::integer) return read_integer();
  if (kind == Kind::string || kind == Kind::strings) return read_string();
  if (kind == Kind::offset) size = 1 + static_cast<std::size_t>(m_header.offset_size);
  const auto bytes = m_input->take(size);
  if (!bytes) return std::nullopt;
  return Value{0, std::nullopt, *bytes};
}

std::optional<ArchiveContents::Value> ArchiveContents::read_integer() {
  const auto bytes = m_input->take(1 + static_cast<std::size_t>(m_header.integer_size));
  if (!bytes) return std::nullopt;
  const auto number = decode_integer(*bytes);
  if (!number || *number > INT32_MAX || *number < INT32_MIN) m_input->fail("not an integer");
  return Value{*number, std::nullopt, {}};
}

std::optional<ArchiveContents::Value> ArchiveContents::read_string() {
  if (!m_text_size) {
    const auto length = read_integer();
    if (!length) return std::nullopt;
    if (length->number == -1) return Value{};
    if (length->number < 0 || length->number > k_longest_text) {
      m_input->fail(fmt::format("a text of {} bytes", length->number));
    }
    m_text_size = static_cast<std::size_t>(length->number);
    account(*m_text_size);
  }
  const auto bytes = m_input->take(*m_text_size);
  if (!bytes) return std::nullopt;
  m_text_size.reset();
  const std::string_view text = as_text(*bytes);
  if (text.find('\0') != std::string_view::npos) m_input->fail("a zero byte within a text");
  return Value{0, text, {}};
}

void ArchiveContents::take_magic(const Value& value) {
  if (as_text(value.bytes) != k_magic) {
    m_input->fail("it does not begin like an archive of pg_dump --format=custom");
  }
}

void ArchiveContents::take_version(const Value& value) {
  const auto at = [&](std::size_t i) { return std::to_integer<int>(value.bytes[i]); };
  m_header.version = {at(0), at(1), at(2)};
  if (at(0) == 1 && at(1) >= k_oldest_minor && at(1) <= k_newest_minor) return;
  m_unreadable = fmt::format("archive version {}.{} is not known here (1.{} to 1.{} are)", at(0),
                             at(1), k_oldest_minor, k_newest_minor);
}

void ArchiveContents::take_layout(const Value& value) {
  m_header.integer_size = std::to_integer<int>(value.bytes[0]);
  m_header.offset_size = std::to_integer<int>(value.bytes[1]);
  const int format = std::to_integer<int>(value.bytes[2]);
  if (format != k_custom_format) {
    m_unreadable =
        fmt::format("archive format {} is not the custom format ({})", format, k_custom_format);
    return;
  }
  const auto plausible = [](int size) { return size >= 1 && size <= k_widest_number; };
  if (!plausible(m_header.integer_size) || !plausible(m_header.offset_size)) {
    m_input->fail(fmt::format("integers of {} and offsets of {} bytes", m_header.integer_size,
                              m_header.offset_size));
  }
}

void ArchiveContents::take_compression_level(const Value& value) {
  m_header.compression = static_cast<int>(value.number);
}

void ArchiveContents::take_compression_algorithm(const Value& value) {
  m_header.compression = std::to_integer<int>(value.bytes[0]);
}

void ArchiveContents::take_date(const Value& value) {
  if (value.number < -1 || value.number > 9999) m_input->fail("an impossible date");
}

void ArchiveContents::take_database(const Value& value) {
  m_header.database = value.text.value_or("");
}

void ArchiveContents::take_server_version(const Value& value) {
  m_header.server_version = value.text.value_or("");
}

void ArchiveContents::take_dump_version(const Value& value) {
  m_header.dump_version = value.text.value_or("");
}

void ArchiveContents::take_count(const Value& value) {
  if (value.number < 0) m_input->fail("a negative number of entries");
  m_count = static_cast<std::size_t>(value.number);
}

void ArchiveContents::take_dump_id(const Value& value) {
  if (value.number <= 0) m_input->fail(fmt::format("dump id {}", value.number));
  m_entry.dump_id = static_cast<int>(value.number);
}

void ArchiveContents::take_has_data(const Value& value) {
  if (value.number != 0 && value.number != 1) m_input->fail("an entry with neither data nor none");
  m_entry.has_data = value.number == 1;
}

void ArchiveContents::take_oid(const Value& value) {
  if (!value.text || !parse_decimal<std::uint32_t>(*value.text)) m_input->fail("not an OID");
}

void ArchiveContents::take_tag(const Value& value) {
  m_entry.tag = value.text.value_or("");
}

void ArchiveContents::take_description(const Value& value) {
  if (!value.text || value.text->empty()) m_input->fail("an entry without a description");
  m_entry.description = *value.text;
}

void ArchiveContents::take_section(const Value& value) {
  if (value.number < 1 || value.number > 4) m_input->fail(fmt::format("section {}", value.number));
  m_entry.section = static_cast<int>(value.number);
}

void ArchiveContents::take_definition(const Value& value) {
  m_entry.definition = value.text.value_or("");
}

void ArchiveContents::take_copy_statement(const Value& value) {
  m_entry.copy_statement = value.text.value_or("");
}

void ArchiveContents::take_schema(const Value& value) {
  m_entry.schema = value.text.value_or("");
}

void ArchiveContents::take_relkind(const Value& value) {
  if (value.number < 0 || value.number > 127)
    m_input->fail(fmt::format("relkind {}", value.number));
}

void ArchiveContents::take_owner(const Value& value) {
  m_entry.owner = value.text.value_or("");
}

void ArchiveContents::take_with_oids(const Value& value) {
  if (value.text != "true" && value.text != "false") m_input->fail("neither with OIDs nor without");
}

void ArchiveContents::take_dependency(const Value& value) {
  if (!value.text) return;
  const auto dump_id = parse_decimal<int>(*value.text);
  if (!dump_id) m_input->fail("a dependency that is no dump id");
  account(sizeof(int));
  m_entry.dependencies.push_back(*dump_id);
}

void ArchiveContents::take_offset(const Value& value) {
  const int flag = std::to_integer<int>(value.bytes[0]);
  const auto bytes = value.bytes.subspan(1);
  if (flag < 1 || flag > 3 || (flag == k_offset_no_data) == m_entry.has_data) {
    m_input->fail(
        fmt::format("offset flag {} of an entry with{} data", flag, m_entry.has_data ? "" : "out"));
  }
  std::uint64_t offset = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    if (offset >> 56U != 0) m_input->fail("an offset beyond all files");
    offset = offset << 8U | std::to_integer<std::uint64_t>(bytes[i]);
  }
  m_entry.offset_position = m_input->position() - value.bytes.size();
  m_entry_position.reset();
  if (flag == k_offset_known) m_entry_position = offset;
}

void ArchiveContents::account(std::size_t bytes) {
  m_held += bytes;
  if (m_held <= m_limit) return;
  m_input->fail(fmt::format("a table of contents of more than {}", util::format_size(m_limit)));
}

void ArchiveContents::end_entry() {
  account(k_entry_size);
  if (!m_by_dump_id.emplace(m_entry.dump_id, m_entries.size()).second) {
    m_input->fail(fmt::format("dump id {} is given twice", m_entry.dump_id));
  }
  m_entries.push_back(std::move(m_entry));
  m_known_positions.push_back(m_entry_position);
  m_entry = {};
}

std::optional<std::size_t> ArchiveContents::find(std::int64_t dump_id) const {
  const auto found = m_by_dump_id.find(dump_id);
  if (found == m_by_dump_id.end()) return std::nullopt;
  return found->second;
}

std::string ArchiveContents::progress() const {
  if (m_steps.data() == k_header.data()) return "the header";
  return fmt::format("entry {} of {} of the table of contents", m_entries.size() + 1, m_count);
}

}  // namespace bkp::pg
