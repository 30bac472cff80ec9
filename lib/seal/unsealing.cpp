#include "seal/unsealing.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "seal/payload.hpp"
#include "seal/stanzas.hpp"
#include "util/error.hpp"

namespace bkp::seal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t largest_header = std::size_t{256} << 10U;

Error damaged(std::string message) {
  return {ErrorKind::damaged, std::move(message)};
}

Error no_key(const Header& header, const Keyring& keys) {
  const bool by_passphrase = header.stanzas.front().type == "scrypt";
  if (by_passphrase && keys.passphrase)
    return {ErrorKind::key, "the passphrase is not the one this was sealed with"};
  if (by_passphrase)
    return {ErrorKind::key, "this was sealed with a passphrase, and none was given",
            "give it with --passphrase-file FILE"};
  if (keys.identities.empty())
    return {ErrorKind::key, "there is no identity here to open it with",
            "name the identity's file: --identity FILE, or encryption.identity_files"};
  return {ErrorKind::key, "no identity given here opens it: it was sealed for another recipient",
          "`bkp key show` prints the recipient of an identity"};
}

FileKey find_file_key(const Header& header, const Keyring& keys) {
  require_sense(header.stanzas);
  for (const auto& stanza : header.stanzas) {
    for (const auto& identity : keys.identities) {
      if (auto key = open_with(identity, stanza)) return *key;
    }
    if (stanza.type != "scrypt" || !keys.passphrase) continue;
    if (auto key = open_with(keys.passphrase(), stanza)) return *key;
  }
  throw no_key(header, keys);
}

}  // namespace

struct UnsealSink::State {
  explicit State(const Keyring& ring) : keys{ring} {}

  const Keyring keys;
  std::string header;  // as far as it has come
  std::optional<FileKey> file_key;
  std::vector<std::byte> held;  // the nonce, then one sealed chunk, as far as they have come
  std::optional<Chunks> chunks;
  std::vector<std::byte> plain = std::vector<std::byte>(chunk_size);
  bool last_seen = false;
  bool ended = false;

  /// Takes what belongs to the header; returns the rest.
  Bytes take_header(Bytes data) {
    const auto before = header.size();
    const auto taken = data.first(std::min(data.size(), largest_header - before));
    header.append(reinterpret_cast<const char*>(taken.data()), taken.size());
    const auto known = std::min(header.size(), intent.size());
    if (header.substr(0, known) != intent.substr(0, known)) parse_header(header);
    const auto end = end_of_header(header);
    if (!end) {
      if (header.size() == largest_header) throw damaged("the age header has no end");
      return {};
    }
    header.resize(*end);
    const auto parsed = parse_header(header);
    file_key = find_file_key(parsed, keys);
    require_authentic(parsed, *file_key);
    return data.subspan(*end - before);
  }

  /// Takes up to `size` bytes; true when there are so many.
  bool gather(Bytes& data, std::size_t size) {
    const auto taken = data.first(std::min(data.size(), size - held.size()));
    held.insert(held.end(), taken.begin(), taken.end());
    data = data.subspan(taken.size());
    return held.size() == size;
  }

  void begin_payload() {
    PayloadNonce nonce{};
    std::ranges::copy(held, nonce.begin());
    chunks.emplace(*file_key, nonce);
    held.clear();
  }

  /// A full chunk behind which more comes, or does not (`at_end`).
  void open(Bytes sealed, bool at_end, stream::Sink& next) {
    const auto number = chunks->count() + 1;
    const auto size = sealed.size() - std::min(sealed.size(), ChaChaPoly::tag_size);
    if (!at_end && chunks->open(sealed, false, plain)) {
      next.write(Bytes{plain}.first(size));
      return;
    }
    if (size == 0 && number > 1) throw damaged("the sealed data ends with an empty chunk");
    if (!chunks->open(sealed, true, plain)) {
      throw damaged(at_end ? fmt::format("the sealed data was changed or cut in chunk {}", number)
                           : fmt::format("the sealed data was changed in chunk {}", number));
    }
    last_seen = true;
    if (size > 0) next.write(Bytes{plain}.first(size));
  }
};

UnsealSink::UnsealSink(stream::Sink& next, const Keyring& keys)
    : m_next{next}, m_state{std::make_unique<State>(keys)} {}

UnsealSink::~UnsealSink() {
  UnsealSink::abort();
}

void UnsealSink::write(std::span<const std::byte> data) {
  auto& state = *m_state;
  if (!state.file_key) data = state.take_header(data);
  while (!data.empty()) {
    if (!state.chunks) {
      if (state.gather(data, payload_nonce_size)) state.begin_payload();
      continue;
    }
    if (state.last_seen) throw damaged("something was appended to the sealed data");
    if (state.held.size() == sealed_chunk_size) {
      state.open(state.held, false, m_next);
      state.held.clear();
    } else if (state.held.empty() && data.size() > sealed_chunk_size) {
      state.open(data.first(sealed_chunk_size), false, m_next);
      data = data.subspan(sealed_chunk_size);
    } else {
      state.gather(data, sealed_chunk_size);
    }
  }
}

void UnsealSink::finish() {
  auto& state = *m_state;
  if (!state.file_key) {
    if (end_of_header(state.header)) throw damaged("the age header is malformed");
    throw damaged(state.header.empty() ? "there is no age file: nothing came"
                                       : "the age file ends within its header");
  }
  if (!state.chunks) throw damaged("the age file ends within its header: the nonce is short");
  if (!state.last_seen) state.open(state.held, true, m_next);
  m_next.finish();
  state.ended = true;
}

void UnsealSink::abort() noexcept {
  if (!std::exchange(m_state->ended, true)) m_next.abort();
}

}  // namespace bkp::seal
