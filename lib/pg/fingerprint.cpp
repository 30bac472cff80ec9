#include "pg/fingerprint.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include "pg/copy_text.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::pg {

namespace {

struct FreeHashState {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};

/// "SET client_encoding = 'UTF8';\n" → "UTF8"
std::string encoding_of(const ArchiveEntry& entry) {
  const auto open = entry.definition.find('\'');
  const auto close = entry.definition.find('\'', open + 1);
  if (open == std::string::npos || close == std::string::npos) {
    throw util::Error{
        util::ErrorKind::damaged,
        "the dump is damaged: its encoding is given as " + util::quoted(entry.definition),
        "do not rely on this dump: use another copy of it, or another backup"};
  }
  return entry.definition.substr(open + 1, close - open - 1);
}

}  // namespace

struct FingerprintSink::State final : ArchiveListener {
  void on_contents(const ArchiveHeader& header, const std::vector<ArchiveEntry>& entries) override;
  void on_data_start(const ArchiveEntry& entry, std::uint64_t block_position) override;
  void on_table_data(std::span<const std::byte> piece) override {
    if (!unreadable) copy_text.write(piece);
  }
  void on_large_object_start(std::uint32_t oid) override;
  void on_large_object_data(std::span<const std::byte> piece) override;
  void on_large_object_end() override;
  void on_data_end(const ArchiveEntry& entry) override;
  void check_readable(const ArchiveHeader& header, const std::vector<ArchiveEntry>& entries);

  ArchiveReader reader{*this};
  std::optional<std::string> unreadable;
  CopyTextHash copy_text;
  std::uint32_t large_object = 0;
  std::unique_ptr<XXH3_state_t, FreeHashState> large_object_hash{XXH3_createState()};
  RowsHash large_objects;
  Fingerprint taken;
  std::optional<Fingerprint> result;
  bool closed = false;  ///< finished or aborted
};

void FingerprintSink::State::on_contents(const ArchiveHeader& header,
                                         const std::vector<ArchiveEntry>& entries) {
  taken.header = header;
  check_readable(header, entries);
  for (const ArchiveEntry& entry : entries) {
    if (entry.description == "ENCODING") taken.client_encoding = encoding_of(entry);
  }
}

void FingerprintSink::State::check_readable(const ArchiveHeader& header,
                                            const std::vector<ArchiveEntry>& entries) {
  if (header.compression != 0) {
    unreadable = "the data in the archive is compressed; bkp needs pg_dump --compress=0";
    return;
  }
  for (const ArchiveEntry& entry : entries) {
    if (!entry.has_data || entry.description == "BLOBS") continue;
    if (!entry.is_table_data()) {
      unreadable = fmt::format("the archive holds data of a kind not known here: {}",
                               util::quoted(entry.description));
    } else if (entry.copy_statement.empty()) {
      unreadable = fmt::format("the data of table {} is no COPY text (pg_dump --inserts?)",
                               util::quoted(entry.tag));
    }
  }
}

void FingerprintSink::State::on_data_start(const ArchiveEntry& entry, std::uint64_t) {
  copy_text.start(entry.schema + "." + entry.tag);
}

void FingerprintSink::State::on_large_object_start(std::uint32_t oid) {
  large_object = oid;
  XXH3_128bits_reset(large_object_hash.get());
}

void FingerprintSink::State::on_large_object_data(std::span<const std::byte> piece) {
  XXH3_128bits_update(large_object_hash.get(), piece.data(), piece.size());
  taken.large_objects.bytes += piece.size();
}

void FingerprintSink::State::on_large_object_end() {
  const XXH128_hash_t hash = XXH3_128bits_digest(large_object_hash.get());
  large_objects.add(fmt::format("{}:{:016x}{:016x}", large_object, hash.high64, hash.low64));
}

void FingerprintSink::State::on_data_end(const ArchiveEntry& entry) {
  if (unreadable || !entry.is_table_data()) return;
  copy_text.finish();
  TableFingerprint& table = taken.tables.emplace_back();
  table.schema = entry.schema;
  table.table = entry.tag;
  table.copy_statement = entry.copy_statement;
  table.rows = copy_text.rows().rows();
  table.bytes = copy_text.bytes();
  table.hash = copy_text.rows().hex();
}

FingerprintSink::FingerprintSink(stream::Sink& next)
    : m_next{next}, m_state{std::make_unique<State>()} {}

FingerprintSink::~FingerprintSink() {
  abort();
}

void FingerprintSink::write(std::span<const std::byte> data) {
  m_state->reader.write(data);
  m_state->taken.archive_bytes += data.size();
  m_next.write(data);
}

void FingerprintSink::finish() {
  State& state = *m_state;
  state.reader.finish();
  if (state.reader.unreadable()) state.unreadable = state.reader.unreadable();
  if (!state.unreadable) {
    state.taken.large_objects.count = state.large_objects.rows();
    state.taken.large_objects.hash = state.large_objects.hex();
    state.result = std::move(state.taken);
  }
  m_next.finish();
  state.closed = true;
}

void FingerprintSink::abort() noexcept {
  if (m_state->closed) return;
  m_state->closed = true;
  m_next.abort();
}

const std::optional<Fingerprint>& FingerprintSink::fingerprint() const {
  return m_state->result;
}

const std::optional<std::string>& FingerprintSink::unreadable() const {
  return m_state->unreadable;
}

}  // namespace bkp::pg
