// A WAL segment and a pg_control that are not what PostgreSQL wrote.
#include <algorithm>
#include <span>

#include "fuzz/fuzz.hpp"
#include "pg/control_file.hpp"
#include "pg/wal_reader.hpp"
#include "util/error.hpp"

using namespace bkp;

namespace {

template <class Body>
void require_damage_at_most(const Body& body) {
  try {
    body();
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::damaged, "what is no WAL is damaged");
  }
}

struct Read {
  std::size_t records = 0;
  std::size_t bytes = 0;
  bool operator==(const Read&) const = default;
};

Read read(std::span<const std::byte> wal, std::size_t piece) {
  Read result;
  require_damage_at_most([&] {
    pg::WalReader reader{pg::read_wal_segment_header(wal), [&](const pg::WalRecord& record) {
                           ++result.records;
                           result.bytes += record.data.size();
                           fuzz::require(record.start < record.end, "records take room");
                         }};
    for (; !wal.empty(); wal = wal.subspan(std::min(piece, wal.size())))
      reader.write(wal.first(std::min(piece, wal.size())));
  });
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span{data, size});
  require_damage_at_most([&] { pg::parse_control_file(bytes); });
  fuzz::require(read(bytes, bytes.size() + 1) == read(bytes, 1000),
                "the pieces that it comes in make no difference");
  return 0;
}
