#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "seal/keys.hpp"
#include "seal/signing.hpp"
#include "stream/replay_buffer.hpp"
#include "stream/sink.hpp"
#include "wal/archive_key.hpp"
#include "wal/description.hpp"

namespace bkp::wal {

/// How files are encoded for the archive.
struct Encoding {
  int level = 3;                            ///< of zstd, from 1
  int threads = 1;                          ///< of one file
  std::vector<seal::Recipient> recipients;  ///< none: not sealed
  std::optional<seal::SigningKey> signing_key;
  std::size_t in_memory = std::size_t{16} << 20U;  ///< bytes of one encoded file, the rest in:
  std::filesystem::path scratch;                   ///< a directory

  Sealing sealing() const { return recipients.empty() ? Sealing::none : Sealing::age; }
};

/// An object of the archive, ready to be written to any number of stores at a time.
class EncodedFile {
 public:
  const Description& description() const { return m_description; }
  std::uint64_t bytes() const { return m_head.size() + m_payload->bytes(); }
  /// Does not finish `sink`.
  void write_to(stream::Sink& sink) const;

 private:
  friend EncodedFile encode(Description, const Encoding&,
                            const std::function<void(stream::Sink&)>&);
  Description m_description;
  std::string m_head;
  std::unique_ptr<stream::ReplayBuffer> m_payload;
};

/// Encodes what `write` writes; it does not finish the sink. Sizes and digests of `description` are
/// filled in.
EncodedFile encode(Description description, const Encoding& encoding,
                   const std::function<void(stream::Sink&)>& write);

}  // namespace bkp::wal
