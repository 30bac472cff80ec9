// The reader of pg_dump's custom format: the first byte says in what pieces the rest arrives.
#include <unistd.h>

#include <sys/mman.h>

#include <algorithm>

#include <fmt/format.h>

#include "fuzz/fuzz.hpp"
#include "pg/fingerprint.hpp"
#include "pg/seekable_archive.hpp"
#include "pg/table_data.hpp"
#include "stream/sinks.hpp"
#include "support/archive_recorder.hpp"
#include "util/error.hpp"

using namespace bkp;

namespace {

/// A table as the reader told of it.
struct Table {
  std::string tag;
  std::uint64_t position = 0;
  std::string end;  ///< the last event
  bool operator==(const Table&) const = default;
};

class TableRecorder final : public test::ArchiveRecorder {
 public:
  void on_data_end(const pg::ArchiveEntry& entry) override {
    ArchiveRecorder::on_data_end(entry);
    if (entry.description != "BLOBS") {
      tables.push_back({entry.tag, positions.back(), events.back()});
    }
  }
  std::vector<Table> tables;
};

/// What the reader told, and how it ended.
struct Reading {
  pg::ArchiveHeader header;
  std::vector<std::string> events;
  std::vector<std::uint64_t> positions;
  std::vector<Table> tables;
  std::string end;
  bool operator==(const Reading& other) const {
    return events == other.events && positions == other.positions && tables == other.tables &&
           end == other.end;
  }
};

Reading read(std::string_view archive, std::size_t piece) {
  TableRecorder recorder;
  Reading reading;
  try {
    pg::ArchiveReader reader{recorder};
    test::write_in_pieces(reader, archive, piece);
    reader.finish();
    reading.end = reader.unreadable().value_or("whole");
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::damaged, "a broken archive is damaged");
    reading.end = error.message();
  }
  // An object's data is an event at its end: how much was told of one that is cut short, which
  // depends on the pieces, is none.
  reading.header = recorder.header;
  reading.tables = std::move(recorder.tables);
  reading.events = std::move(recorder.events);
  reading.positions = std::move(recorder.positions);
  return reading;
}

/// A table's data as the loading of tables reads it, of which there are at most `most` bytes at
/// once.
std::string read_table(std::string_view archive, const Reading& reading, std::uint64_t position,
                       std::size_t most) {
  const auto bytes = test::bytes_of(archive);
  pg::TableDataReader reader{
      position, reading.header.integer_size, [&](std::uint64_t at, std::span<std::byte> space) {
        const auto rest = bytes.subspan(std::min<std::uint64_t>(at, bytes.size()));
        const auto size = std::min({rest.size(), space.size(), most});
        std::copy_n(rest.begin(), size, space.begin());
        return size;
      }};
  std::string text;
  for (auto part = reader.next(); !part.empty(); part = reader.next()) text += part;
  return text;
}

/// The end of a chain through `make`: "" when it finished.
template <class Make>
std::string end_of(std::string_view archive, std::size_t piece, Make make) {
  try {
    const auto sink = make();
    test::write_in_pieces(*sink, archive, piece);
    sink->finish();
    return {};
  } catch (const util::Error& error) {
    return error.message();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const auto archive = fuzz::text_of(data + 1, size - 1);

  const auto whole = read(archive, archive.size() + 1);
  fuzz::require(read(archive, piece) == whole, "pieces make no difference");

  if (whole.end == "whole" && whole.header.compression == 0) {
    for (const auto& table : whole.tables) {
      const auto text = read_table(archive, whole, table.position, piece);
      fuzz::require(fmt::format("end {}: {}", table.tag, text) == table.end,
                    "a table's data is the same from its position on");
    }
  }

  stream::NullSink null;
  const auto fingerprinted =
      end_of(archive, piece, [&] { return std::make_unique<pg::FingerprintSink>(null); });
  const int file = ::memfd_create("archive", MFD_CLOEXEC);
  const auto stored = end_of(
      archive, piece, [&] { return std::make_unique<pg::SeekableArchiveSink>(file, "archive"); });
  ::close(file);
  const bool read_to_end = whole.end == "whole";
  fuzz::require(!read_to_end || stored.empty(), "a whole archive is stored");
  fuzz::require(fingerprinted.empty() || !stored.empty() || read_to_end,
                "a fingerprint fails only where reading does, or over COPY text");
  return 0;
}
