#include "wal/encoding.hpp"

#include <utility>

#include "seal/sealing.hpp"
#include "stream/hash.hpp"
#include "stream/zstd.hpp"
#include "wal/object_head.hpp"

namespace bkp::wal {

namespace {

/// A segment is small, and whoever waits for it waits for the slowest thread.
constexpr int job_bytes = 1 << 20;

}  // namespace

void EncodedFile::write_to(stream::Sink& sink) const {
  sink.write(std::as_bytes(std::span{m_head}));
  m_payload->replay(sink);
}

EncodedFile encode(Description description, const Encoding& encoding,
                   const std::function<void(stream::Sink&)>& write) {
  EncodedFile file;
  file.m_payload = std::make_unique<stream::ReplayBuffer>(encoding.in_memory, encoding.scratch);
  stream::HashSink payload{*file.m_payload, stream::DigestSet::sha256};
  std::optional<seal::SealedPayloadSink> seal;
  if (encoding.sealing() == Sealing::age) seal.emplace(payload);
  stream::ZstdCompressSink compress{seal ? static_cast<stream::Sink&>(*seal) : payload,
                                    encoding.level, encoding.threads, job_bytes};
  stream::HashSink original{compress, stream::DigestSet::sha256};
  write(original);
  original.finish();

  description.original_bytes = original.digests().bytes;
  description.original_sha256 = original.digests().sha256;
  description.payload_bytes = payload.digests().bytes;
  description.payload_sha256 = payload.digests().sha256;
  const auto& key = encoding.signing_key;
  const auto text = to_text(description, key ? &*key : nullptr);
  file.m_head = seal ? seal->header(encoding.recipients, {description_stanza(text)})
                     : description_frame(text);
  file.m_description = std::move(description);
  return file;
}

}  // namespace bkp::wal
