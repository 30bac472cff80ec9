#pragma once

#include <memory>

#include "backup/manifest.hpp"
#include "seal/unsealing.hpp"
#include "stream/sink.hpp"

namespace bkp::backup {

/// Makes of a part's stored bytes what was written: unseals, then decompresses, as the part is.
/// Throws Error{key} when it is sealed and no key opens it, and says for whom the manifest has it
/// sealed; Error{damaged} for what cannot be opened or decompressed. Pieces may have been passed on
/// before damage behind them is found.
class PartOpener final : public stream::Sink {
 public:
  PartOpener(stream::Sink& next, const Manifest& manifest, const Part& part,
             const seal::Keyring& keys);
  ~PartOpener() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  template <class Body>
  void naming_recipients(Body&& body);

  struct Chain;
  const Manifest& m_manifest;
  std::unique_ptr<Chain> m_chain;
  bool m_ended = false;
};

}  // namespace bkp::backup
