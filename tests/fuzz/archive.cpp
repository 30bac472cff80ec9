// The reader of pg_dump's custom format: the first byte says in what pieces the rest arrives.
#include <unistd.h>

#include <sys/mman.h>

#include "fuzz/fuzz.hpp"
#include "pg/fingerprint.hpp"
#include "pg/seekable_archive.hpp"
#include "stream/sinks.hpp"
#include "support/archive_recorder.hpp"
#include "util/error.hpp"

using namespace bkp;

namespace {

/// What the reader told, and how it ended.
struct Reading {
  std::vector<std::string> events;
  std::vector<std::uint64_t> positions;
  std::string end;
  bool operator==(const Reading&) const = default;
};

Reading read(std::string_view archive, std::size_t piece) {
  test::ArchiveRecorder recorder;
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
  // The data of an object that is cut short may have been told or not.
  reading.events = std::move(recorder.events);
  reading.positions = std::move(recorder.positions);
  return reading;
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
