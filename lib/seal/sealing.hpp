#pragma once

#include <memory>
#include <string>
#include <vector>

#include "seal/header.hpp"
#include "seal/keys.hpp"
#include "stream/sink.hpp"

namespace bkp::seal {

/// The payload of an age file, written before its header is made: so the header can say something
/// of the payload. What header() returns belongs before all that `next` got. Holds one chunk.
class SealedPayloadSink final : public stream::Sink {
 public:
  explicit SealedPayloadSink(stream::Sink& next);
  ~SealedPayloadSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

  /// `notes` are stanzas of types that open nothing; readers of age files pass over those they do
  /// not know. Throws as SealSink.
  std::string header(const std::vector<Recipient>& recipients,
                     const std::vector<Stanza>& notes = {}) const;

 private:
  struct State;
  stream::Sink& m_next;
  std::unique_ptr<State> m_state;
};

/// Seals for all of `recipients` (at least one) as an age file, age-encryption.org/v1, binary. The
/// header is written at once; then the payload in chunks of 64 KiB, each with a tag of its own,
/// counted, the last one marked ("The payload": STREAM with ChaCha20-Poly1305). Holds one chunk.
/// Throws Error{key} for a recipient for which nothing can be sealed.
class SealSink final : public stream::Sink {
 public:
  SealSink(stream::Sink& next, const std::vector<Recipient>& recipients);
  ~SealSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  SealedPayloadSink m_payload;
};

}  // namespace bkp::seal
