#include "backup/part_writer.hpp"

#include "seal/sealing.hpp"
#include "stream/hash.hpp"
#include "stream/queue.hpp"
#include "stream/zstd.hpp"

namespace bkp::backup {

/// Declared from the end of the chain to its head, so that destruction aborts from the head on.
struct PartWriter::Chain {
  std::optional<stream::TeeSink> tee;
  std::optional<stream::HashSink> hash;
  std::optional<seal::SealSink> seal;
  std::optional<stream::ZstdCompressSink> compress;
  std::optional<stream::QueueSink> queue;
};

std::vector<Target*> good_targets(std::vector<Target>& targets) {
  std::vector<Target*> good;
  for (auto& target : targets) {
    if (!target.failure) good.push_back(&target);
  }
  if (good.empty()) throw targets.back().failure.value();
  return good;
}

PartWriter::PartWriter(std::vector<Target>& targets, const Layout& layout, const std::string& label,
                       const std::string& name, std::string role, const PartFormat& format,
                       std::optional<stream::TeeSink::Patience> patience)
    : m_targets{targets}, m_chain{std::make_unique<Chain>()} {
  const auto& compression = format.compression;
  const bool compressed = compression.level > 0;
  const bool sealed = !format.recipients.empty();
  m_part.name = name + (compressed ? ".zst" : "") + (sealed ? ".age" : "");
  m_part.role = std::move(role);
  m_part.compression = compressed ? "zstd" : "none";
  m_part.encryption = sealed ? "age" : "none";
  const store::Key key = layout.part(label, m_part.name);
  std::vector<stream::TeeSink::Branch> branches;
  for (auto* target : good_targets(targets)) {
    try {
      branches.push_back({target->name, target->store->create(key)});
    } catch (const util::Error& error) {
      target->failure = error;
    }
  }
  good_targets(targets);
  stream::Sink* head = &m_chain->tee.emplace(std::move(branches), patience);
  head = &m_chain->hash.emplace(*head);
  if (sealed) head = &m_chain->seal.emplace(*head, format.recipients);
  if (compressed) {
    head = &m_chain->compress.emplace(*head, compression.level, compression.threads);
  }
  m_chain->queue.emplace(*head);
}

PartWriter::~PartWriter() = default;

void PartWriter::write(std::span<const std::byte> data) {
  m_part.original_bytes += data.size();
  m_chain->queue->write(data);
}

void PartWriter::finish() {
  m_chain->queue->finish();
  const auto& digests = m_chain->hash->digests();
  m_part.size_bytes = digests.bytes;
  m_part.md5 = digests.md5;
  m_part.sha256 = digests.sha256;
  collect_failures();
  good_targets(m_targets);
}

void PartWriter::abort() noexcept {
  m_chain->queue->abort();
  collect_failures();
}

void PartWriter::collect_failures() noexcept {
  for (auto& target : m_targets) {
    if (target.failure) continue;
    target.failure = m_chain->tee->failure(target.name);
    target.left_behind = m_chain->tee->left_behind(target.name);
  }
}

}  // namespace bkp::backup
