#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "pg/archive_reader.hpp"
#include "support/bytes.hpp"

namespace bkp::test {

/// Writes down what an ArchiveReader tells, pieces of one object joined: "table public.t @181 …".
class ArchiveRecorder : public pg::ArchiveListener {
 public:
  void on_contents(const pg::ArchiveHeader& archive_header,
                   const std::vector<pg::ArchiveEntry>& archive_entries) override {
    header = archive_header;
    entries = archive_entries;
  }
  void on_data_start(const pg::ArchiveEntry& entry, std::uint64_t position) override {
    events.push_back(fmt::format("{} {}.{}", entry.description, entry.schema, entry.tag));
    positions.push_back(position);
    m_data.clear();
  }
  void on_table_data(std::span<const std::byte> piece) override { append(piece); }
  void on_large_object_start(std::uint32_t oid) override { m_data = fmt::format("{}: ", oid); }
  void on_large_object_data(std::span<const std::byte> piece) override { append(piece); }
  void on_large_object_end() override {
    events.push_back(m_data);
    m_data.clear();
  }
  void on_data_end(const pg::ArchiveEntry& entry) override {
    events.push_back(fmt::format("end {}: {}", entry.tag, m_data));
  }

  pg::ArchiveHeader header;
  std::vector<pg::ArchiveEntry> entries;
  std::vector<std::string> events;
  std::vector<std::uint64_t> positions;

 private:
  void append(std::span<const std::byte> piece) {
    m_data.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  }
  std::string m_data;
};

}  // namespace bkp::test
