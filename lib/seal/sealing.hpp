#pragma once

#include <memory>
#include <vector>

#include "seal/keys.hpp"
#include "stream/sink.hpp"

namespace bkp::seal {

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
  struct State;
  stream::Sink& m_next;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::seal
