#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "seal/keys.hpp"
#include "stream/sink.hpp"

namespace bkp::seal {

/// What may open a file.
struct Keyring {
  std::vector<Identity> identities;
  /// Asked for when the file is sealed with a passphrase, and not before; may be empty.
  std::function<std::string()> passphrase;
};

/// Opens a binary age file. Every chunk is proven before a byte of it is passed on, so what the
/// next stage got is a beginning of what was sealed, whatever happened to the rest. Throws
/// Error{damaged} for what is no age file, was changed or is cut, and Error{key} when no key of the
/// ring opens it. Holds a header, or one chunk.
class UnsealSink final : public stream::Sink {
 public:
  UnsealSink(stream::Sink& next, const Keyring& keys);
  ~UnsealSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  struct State;
  stream::Sink& m_next;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::seal
