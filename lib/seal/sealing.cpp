#include "seal/sealing.hpp"

#include <algorithm>
#include <utility>

#include "seal/payload.hpp"
#include "seal/stanzas.hpp"
#include "util/rng.hpp"

namespace bkp::seal {

namespace {

FileKey random_file_key() {
  FileKey key;
  util::random_bytes(key.bytes());
  return key;
}

PayloadNonce random_nonce() {
  PayloadNonce nonce;
  util::random_bytes(nonce);
  return nonce;
}

}  // namespace

struct SealSink::State {
  FileKey file_key = random_file_key();
  PayloadNonce nonce = random_nonce();
  Chunks chunks{file_key, nonce};
  std::vector<std::byte> held;  // up to one chunk: only its successor tells that it is not the last
  std::vector<std::byte> sealed = std::vector<std::byte>(sealed_chunk_size);
  bool ended = false;

  void seal(Bytes plain, bool last, stream::Sink& next) {
    chunks.seal(plain, last, sealed);
    next.write(Bytes{sealed}.first(plain.size() + ChaChaPoly::tag_size));
  }
};

SealSink::SealSink(stream::Sink& next, const std::vector<Recipient>& recipients)
    : m_next{next}, m_state{std::make_unique<State>()} {
  m_state->held.reserve(chunk_size);
  std::vector<Stanza> stanzas;
  for (const auto& recipient : recipients)
    stanzas.push_back(seal_for(recipient, m_state->file_key));
  const auto header = header_text(stanzas, m_state->file_key);
  m_next.write(std::as_bytes(std::span{header}));
  m_next.write(m_state->nonce);
}

SealSink::~SealSink() {
  SealSink::abort();
}

void SealSink::write(std::span<const std::byte> data) {
  auto& held = m_state->held;
  while (!data.empty()) {
    if (held.size() == chunk_size) {
      m_state->seal(held, false, m_next);
      held.clear();
    }
    if (held.empty() && data.size() > chunk_size) {
      m_state->seal(data.first(chunk_size), false, m_next);
      data = data.subspan(chunk_size);
      continue;
    }
    const auto taken = data.first(std::min(data.size(), chunk_size - held.size()));
    held.insert(held.end(), taken.begin(), taken.end());
    data = data.subspan(taken.size());
  }
}

void SealSink::finish() {
  m_state->seal(m_state->held, true, m_next);
  m_next.finish();
  m_state->ended = true;
}

void SealSink::abort() noexcept {
  if (!std::exchange(m_state->ended, true)) m_next.abort();
}

}  // namespace bkp::seal
