#include "backup/part_opener.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "stream/zstd.hpp"
#include "util/error.hpp"

namespace bkp::backup {

/// Declared from the end of the chain to its head, so that destruction aborts from the head on.
struct PartOpener::Chain {
  std::optional<stream::ZstdDecompressSink> decompress;
  std::optional<seal::UnsealSink> unseal;
  stream::Sink* head = nullptr;
};

PartOpener::PartOpener(stream::Sink& next, const Manifest& manifest, const Part& part,
                       const seal::Keyring& keys)
    : m_manifest{manifest}, m_chain{std::make_unique<Chain>()} {
  auto* head = &next;
  if (part.compression == "zstd") head = &m_chain->decompress.emplace(*head);
  if (part.encryption == "age") head = &m_chain->unseal.emplace(*head, keys);
  m_chain->head = head;
}

PartOpener::~PartOpener() {
  PartOpener::abort();
}

/// An age file does not say for whom it is.
template <class Body>
void PartOpener::naming_recipients(Body&& body) {
  try {
    body();
  } catch (const util::Error& error) {
    if (error.kind() != util::ErrorKind::key || m_manifest.recipients.empty()) throw;
    throw util::Error{util::ErrorKind::key,
                      fmt::format("{} is sealed for {}: {}", m_manifest.label,
                                  fmt::join(m_manifest.recipients, ", "), error.message()),
                      error.hint()};
  }
}

void PartOpener::write(std::span<const std::byte> data) {
  naming_recipients([&] { m_chain->head->write(data); });
}

void PartOpener::finish() {
  naming_recipients([&] { m_chain->head->finish(); });
  m_ended = true;
}

void PartOpener::abort() noexcept {
  if (!std::exchange(m_ended, true)) m_chain->head->abort();
}

}  // namespace bkp::backup
