#include <algorithm>

#include <fmt/format.h>
#include <xxhash.h>

#include "verify/rows.hpp"

namespace bkp::verify {

namespace {

constexpr std::size_t piece_bytes = 1U << 20U;
constexpr int objects_at_once = 64;

struct XxhDeleter {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};

unsigned nibble(char digit) {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/// "\x48656c" → bytes.
void decode_bytea(std::string_view text, std::string& bytes) {
  bytes.clear();
  text.remove_prefix(std::min<std::size_t>(2, text.size()));
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(nibble(text[i]) << 4U | nibble(text[i + 1]));
  }
}

/// The state of the comparison: the same numbers as pg::LargeObjectsFingerprint.
struct Found {
  std::uint64_t bytes = 0;
  pg::RowsHash objects;
};

/// Hashes one object, whose first piece was read with others.
class ObjectReader {
 public:
  ObjectReader() : m_state{XXH3_createState()} {}

  void read(pg::Connection& connection, const std::string& oid, std::string_view first_piece,
            Found& found) {
    XXH3_128bits_reset(m_state.get());
    decode_bytea(first_piece, m_piece);
    std::size_t offset = 0;
    while (!m_piece.empty()) {
      XXH3_128bits_update(m_state.get(), m_piece.data(), m_piece.size());
      offset += m_piece.size();
      if (m_piece.size() < piece_bytes) break;
      const auto next = connection.exec("SELECT pg_catalog.lo_get($1::oid, $2::bigint, $3::int)",
                                        {oid, std::to_string(offset), std::to_string(piece_bytes)});
      decode_bytea(next.single(), m_piece);
    }
    found.bytes += offset;
    const auto hash = XXH3_128bits_digest(m_state.get());
    found.objects.add(fmt::format("{}:{:016x}{:016x}", oid, hash.high64, hash.low64));
  }

 private:
  std::unique_ptr<XXH3_state_t, XxhDeleter> m_state;
  std::string m_piece;
};

Found read_all(pg::Connection& connection) {
  Found found;
  ObjectReader reader;
  std::string after = "0";
  for (;;) {
    const auto batch = connection.exec(
        "SELECT oid, pg_catalog.lo_get(oid, 0, $2::int) FROM (SELECT oid FROM "
        "pg_catalog.pg_largeobject_metadata WHERE oid > $1::oid ORDER BY oid LIMIT $3::int) m "
        "ORDER BY oid",
        {after, std::to_string(piece_bytes), std::to_string(objects_at_once)});
    for (int i = 0; i < batch.rows(); ++i) {
      after = batch.text(i, 0);
      reader.read(connection, after, batch.text(i, 1), found);
    }
    if (batch.rows() < objects_at_once) return found;
  }
}

}  // namespace

Probe large_objects_probe(const pg::Fingerprint& fingerprint) {
  const auto expected = fingerprint.large_objects;
  return {"large_objects", "large objects", expected.bytes, [expected](pg::Connection& connection) {
            const Found found = read_all(connection);
            if (found.objects.rows() != expected.count || found.bytes != expected.bytes) {
              return fmt::format("{} objects of {} bytes were restored, the dump has {} of {}",
                                 found.objects.rows(), found.bytes, expected.count, expected.bytes);
            }
            if (found.objects.hex() != expected.hash && expected.count > 0) {
              return fmt::format(
                  "the objects are not the ones of the dump: their hash is {}, not {}",
                  found.objects.hex(), expected.hash);
            }
            return std::string{};
          }};
}

}  // namespace bkp::verify
