#include "wal/decoding.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "stream/hash.hpp"
#include "stream/sinks.hpp"
#include "stream/zstd.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/object_head.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

Error damaged(std::string why) {
  return {ErrorKind::damaged, std::move(why)};
}

Error differs(std::string_view what, std::string_view is, std::string_view expected) {
  return damaged(fmt::format("its {} is {}, and was {}", what, is, expected));
}

std::function<void()> refusal(std::string what, std::uint64_t expected) {
  return
      [what = std::move(what), expected] { throw differs(what, "more", std::to_string(expected)); };
}

/// Sizes first: they tell more.
void compare(std::string_view digest, std::string_view what, std::uint64_t bytes,
             std::uint64_t expected_bytes, const std::string& value, const std::string& expected) {
  if (bytes != expected_bytes) {
    throw differs(fmt::format("size {}", what), std::to_string(bytes),
                  std::to_string(expected_bytes));
  }
  if (value != expected) throw differs(fmt::format("{} {}", digest, what), value, expected);
}

/// Everything that is done with the bytes of one object, in the order they come in.
class ObjectReader final : public stream::Sink {
 public:
  /// `file` may be null: then nothing is opened.
  ObjectReader(const std::string& site, const ArchivedName& name, const ArchiveKeys& keys,
               stream::Sink* file, stream::Sink& copy)
      : m_site{site}, m_name{name}, m_keys{keys}, m_file{file}, m_copy{copy} {}
  ~ObjectReader() override = default;

  void write(std::span<const std::byte> data) override {
    m_copy.write(data);
    if (!m_head) data = take_head(data);
    if (data.empty()) return;
    m_payload_limit->write(data);
    if (m_opener != nullptr) m_opener->write(data);
  }

  void finish() override {
    if (!m_head) throw damaged("it ends before it has said what it is");
    m_payload->finish();
    const auto& payload = m_payload->digests();
    compare("SHA-256", "as stored", payload.bytes, m_description.payload_bytes, payload.sha256,
            m_description.payload_sha256);
    if (m_opener != nullptr) {
      m_opener->finish();
      const auto& original = m_original->digests();
      compare("XXH3", "as archived", original.bytes, m_description.original_bytes, original.xxh3,
              m_description.original_xxh3);
      m_file->finish();
    }
    m_copy.finish();
  }

  void abort() noexcept override {}

  const Description& description() const { return m_description; }
  const std::optional<ObjectHead>& head() const { return m_head; }

 private:
  /// Returns what is behind the head.
  std::span<const std::byte> take_head(std::span<const std::byte> data) {
    const auto before = m_begin.size();
    const auto taken = data.first(std::min(data.size(), largest_head - before));
    m_begin.append(reinterpret_cast<const char*>(taken.data()), taken.size());
    m_head = parse_object_head(m_begin, m_name.sealing);
    if (!m_head) {
      if (m_begin.size() == largest_head) throw damaged("its head has no end");
      return {};
    }
    m_description = parse_description(m_head->text, m_keys.trusted, m_keys.ignore_signatures);
    if (m_description.site != m_site)
      throw damaged(fmt::format("it is of site {}", util::quoted(m_description.site)));
    if (m_description.name != m_name.name)
      throw damaged(fmt::format("it is {}", util::quoted(m_description.name)));
    prepare();
    return data.subspan(m_head->size - before);
  }

  void prepare() {
    m_payload.emplace(m_nowhere, stream::DigestSet::sha256);
    m_payload_limit.emplace(*m_payload, m_description.payload_bytes,
                            refusal("size as stored", m_description.payload_bytes));
    if (m_file == nullptr) return;
    m_held.emplace(*m_file);
    m_original.emplace(*m_held, stream::DigestSet::xxh3);
    m_limit.emplace(*m_original, m_description.original_bytes,
                    refusal("size as archived", m_description.original_bytes));
    m_opener = &m_decompress.emplace(*m_limit);
    if (m_name.sealing == Sealing::none) return;
    m_opener = &m_unseal.emplace(*m_decompress, m_keys.keyring);
    m_opener->write(std::as_bytes(std::span{m_begin}.first(m_head->size)));
  }

  const std::string& m_site;
  const ArchivedName& m_name;
  const ArchiveKeys& m_keys;
  stream::Sink* m_file;
  stream::Sink& m_copy;
  std::string m_begin;
  std::optional<ObjectHead> m_head;
  Description m_description;
  stream::NullSink m_nowhere;
  std::optional<stream::HashSink> m_payload;
  std::optional<stream::LimitSink> m_payload_limit;
  // From the end of the chain to its head, so that destruction aborts from the head on.
  std::optional<stream::HoldFinishSink> m_held;
  std::optional<stream::HashSink> m_original;
  std::optional<stream::LimitSink> m_limit;
  std::optional<stream::ZstdDecompressSink> m_decompress;
  std::optional<seal::UnsealSink> m_unseal;
  stream::Sink* m_opener = nullptr;
};

store::Key key_of(const std::string& site, const ArchivedName& name) {
  return archive_key(site, name.name, name.sealing);
}

/// What is wrong with an object, with its name in front.
template <class Body>
auto naming(store::Store& store, const store::Key& key, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged && error.kind() != ErrorKind::key) throw;
    const auto verb = error.kind() == ErrorKind::key ? "cannot be opened" : "is damaged";
    throw Error{error.kind(),
                fmt::format("{} on {} {}: {}", util::quoted(key.text()), store.url(), verb,
                            error.message()),
                error.hint()};
  }
}

/// `copy` gets every byte as it is stored.
std::optional<Description> read_object(store::Store& store, const std::string& site,
                                       const ArchivedName& name, const ArchiveKeys& keys,
                                       stream::Sink* file, stream::Sink& copy) {
  const auto key = key_of(site, name);
  return naming(store, key, [&]() -> std::optional<Description> {
    ObjectReader reader{site, name, keys, file, copy};
    if (!store.fetch(key, std::nullopt, reader)) return std::nullopt;
    reader.finish();
    return reader.description();
  });
}

}  // namespace

ArchiveKeys archive_keys(const run::ReadingKeys& keys) {
  return {keys.keyring(), keys.trusted, keys.ignore_signatures};
}

std::optional<Description> describe(store::Store& store, const std::string& site,
                                    const ArchivedName& name, const ArchiveKeys& keys) {
  const auto key = key_of(site, name);
  return naming(store, key, [&]() -> std::optional<Description> {
    stream::StringSink begin;
    if (!store.fetch(key, store::ByteRange{0, largest_head}, begin)) return std::nullopt;
    const auto head = parse_object_head(begin.text(), name.sealing);
    if (!head) throw damaged("it ends before it has said what it is");
    auto description = parse_description(head->text, keys.trusted, keys.ignore_signatures);
    if (description.site != site || description.name != name.name)
      throw damaged(fmt::format("it is {} of site {}", util::quoted(description.name),
                                util::quoted(description.site)));
    return description;
  });
}

std::optional<Description> check_stored(store::Store& store, const std::string& site,
                                        const ArchivedName& name, const ArchiveKeys& keys) {
  stream::NullSink nowhere;
  return check_stored(store, site, name, keys, nowhere);
}

std::optional<Description> check_stored(store::Store& store, const std::string& site,
                                        const ArchivedName& name, const ArchiveKeys& keys,
                                        stream::Sink& copy) {
  return read_object(store, site, name, keys, nullptr, copy);
}

std::optional<Description> fetch_file(store::Store& store, const std::string& site,
                                      const ArchivedName& name, const ArchiveKeys& keys,
                                      stream::Sink& file) {
  stream::NullSink nowhere;
  return read_object(store, site, name, keys, &file, nowhere);
}

}  // namespace bkp::wal
