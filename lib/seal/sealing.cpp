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

struct SealedPayloadSink::State {
  FileKey file_key = random_file_key();
  PayloadNonce nonce = random_nonce();
  Chunks chunks{file_key, nonce};
  std::vector<std::byte> held;  // up to one chunk: only its successor tells that it is not the last
  std::vector<std::byte> sealed = std::vector<std::byte>(sealed_chunk_size);
  bool begun = false;
  bool ended = false;

  void begin(stream::Sink& next) {
    if (!std::exchange(begun, true)) next.write(nonce);
  }
  void seal(Bytes plain, bool last, stream::Sink& next) {
    chunks.seal(plain, last, sealed);
    next.write(Bytes{sealed}.first(plain.size() + ChaChaPoly::tag_size));
  }
};

SealedPayloadSink::SealedPayloadSink(stream::Sink& next)
    : m_next{next}, m_state{std::make_unique<State>()} {
  m_state->held.reserve(chunk_size);
}

SealedPayloadSink::~SealedPayloadSink() {
  SealedPayloadSink::abort();
}

std::string SealedPayloadSink::header(const std::vector<Recipient>& recipients,
                                      const std::vector<Stanza>& notes) const {
  std::vector<Stanza> stanzas;
  for (const auto& recipient : recipients)
    stanzas.push_back(seal_for(recipient, m_state->file_key));
  stanzas.insert(stanzas.end(), notes.begin(), notes.end());
  return header_text(stanzas, m_state->file_key);
}

void SealedPayloadSink::write(std::span<const std::byte> data) {
  m_state->begin(m_next);
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

void SealedPayloadSink::finish() {
  m_state->begin(m_next);
  m_state->seal(m_state->held, true, m_next);
  m_next.finish();
  m_state->ended = true;
}

void SealedPayloadSink::abort() noexcept {
  if (!std::exchange(m_state->ended, true)) m_next.abort();
}

SealSink::SealSink(stream::Sink& next, const std::vector<Recipient>& recipients) : m_payload{next} {
  const auto header = m_payload.header(recipients);
  next.write(std::as_bytes(std::span{header}));
}

SealSink::~SealSink() = default;

void SealSink::write(std::span<const std::byte> data) {
  m_payload.write(data);
}

void SealSink::finish() {
  m_payload.finish();
}

void SealSink::abort() noexcept {
  m_payload.abort();
}

}  // namespace bkp::seal
