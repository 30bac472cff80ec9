// Rows are short and many: inlined, the hash of one costs little more than the call would.
#define XXH_INLINE_ALL

#include "pg/copy_text.hpp"

#include <cstring>

#include <fmt/format.h>
#include <xxhash.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::pg {

namespace {

constexpr std::string_view k_end_marker = "\\.";

}  // namespace

/// A row that came in parts is hashed part by part, so that memory stays small; short parts are
/// collected first, because starting such a hash costs as much as hashing a whole short row.
struct CopyTextHash::LongRow {
  static constexpr std::size_t k_collect = 1024;

  char start[k_collect];
  std::size_t collected = 0;
  std::uint64_t hashed = 0;  ///< bytes in `state`; once there are some, everything goes there
  XXH3_state_t state;

  bool empty() const { return collected == 0 && hashed == 0; }

  void add(std::string_view part) {
    if (hashed == 0 && part.size() <= k_collect - collected) {
      std::memcpy(start + collected, part.data(), part.size());
      collected += part.size();
      return;
    }
    if (hashed == 0) {
      XXH3_128bits_reset(&state);
      XXH3_128bits_update(&state, start, collected);
      hashed = collected;
    }
    XXH3_128bits_update(&state, part.data(), part.size());
    hashed += part.size();
  }

  void clear() {
    collected = 0;
    hashed = 0;
  }
};

CopyTextHash::CopyTextHash() : m_long_row{std::make_unique<LongRow>()} {}
CopyTextHash::~CopyTextHash() = default;
CopyTextHash::CopyTextHash(CopyTextHash&&) noexcept = default;
CopyTextHash& CopyTextHash::operator=(CopyTextHash&&) noexcept = default;

void CopyTextHash::start(std::string table) {
  m_table = std::move(table);
  m_rows = {};
  m_bytes = 0;
  m_ended = false;
  m_long_row->clear();
}

void CopyTextHash::write(std::span<const std::byte> piece) {
  std::string_view text{reinterpret_cast<const char*>(piece.data()), piece.size()};
  while (!text.empty()) {
    if (m_ended) return check_trailer(text);
    const auto* end = static_cast<const char*>(std::memchr(text.data(), '\n', text.size()));
    if (end == nullptr) return m_long_row->add(text);
    const auto length = static_cast<std::size_t>(end - text.data());
    if (m_long_row->empty()) {
      end_row(text.substr(0, length));
    } else {
      end_long_row(text.substr(0, length));
    }
    text.remove_prefix(length + 1);
  }
}

void CopyTextHash::end_row(std::string_view row) {
  if (row == k_end_marker) {
    m_ended = true;
    return;
  }
  const XXH128_hash_t hash = XXH3_128bits(row.data(), row.size());
  m_rows.add_hashed(hash.low64, hash.high64);
  m_bytes += row.size() + 1;
}

void CopyTextHash::end_long_row(std::string_view rest) {
  LongRow& row = *m_long_row;
  row.add(rest);
  if (row.hashed > 0) {
    const XXH128_hash_t hash = XXH3_128bits_digest(&row.state);
    m_rows.add_hashed(hash.low64, hash.high64);
    m_bytes += row.hashed + 1;
  } else {
    end_row({row.start, row.collected});
  }
  row.clear();
}

void CopyTextHash::check_trailer(std::string_view text) const {
  if (text.find_first_not_of('\n') != std::string_view::npos) {
    fail("holds rows after its end marker");
  }
}

void CopyTextHash::finish() const {
  if (!m_ended) fail("ends without its end marker");
}

void CopyTextHash::fail(std::string_view what) const {
  throw util::Error{
      util::ErrorKind::damaged,
      fmt::format("the dump is damaged: the data of table {} {}", util::quoted(m_table), what),
      "do not rely on this dump: use another copy of it, or another backup"};
}

}  // namespace bkp::pg
