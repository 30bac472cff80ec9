#include "backup/parts.hpp"

#include <fmt/format.h>

#include "backup/part_opener.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

namespace {

[[noreturn]] void throw_different(const store::Key& key, std::string_view what, std::string_view is,
                                  std::string_view expected) {
  throw Error{ErrorKind::damaged,
              fmt::format("{} is not what was stored: its {} is {}, the manifest says {}",
                          util::quoted(key.text()), what, is, expected),
              "use the copy on another store (--store), or another backup; `bkp verify --level "
              "checksum --all` "
              "finds out what else is damaged"};
}

/// For a LimitSink: neither a disk nor anybody's patience is for what cannot be right any more.
std::function<void()> refusal(const store::Key& key, std::string_view what,
                              std::uint64_t expected) {
  return [&key, what, expected] { throw_different(key, what, "more", std::to_string(expected)); };
}

void compare(const store::Key& key, const Part& part, const stream::Digests& digests) {
  if (digests.bytes != part.size_bytes) {
    throw_different(key, "size", std::to_string(digests.bytes), std::to_string(part.size_bytes));
  }
  if (digests.sha256 != part.sha256) throw_different(key, "SHA-256", digests.sha256, part.sha256);
  if (!digests.md5.empty() && digests.md5 != part.md5) {
    throw_different(key, "MD5", digests.md5, part.md5);
  }
}

/// Streams the object to the end of `hash`, and compares.
void fetch_hashed(store::Store& store, const store::Key& key, const Part& part,
                  stream::HashSink& hash) {
  stream::LimitSink limit{hash, part.size_bytes, refusal(key, "size", part.size_bytes)};
  const bool found = util::with_context("reading " + util::quoted(key.text()), [&] {
    const bool there = store.fetch(key, std::nullopt, limit);
    if (there) limit.finish();
    return there;
  });
  if (!found) {
    throw Error{ErrorKind::damaged,
                fmt::format("{} is missing from {}", util::quoted(key.text()), store.url()),
                "use the copy on another store (--store), or another backup"};
  }
  compare(key, part, hash.digests());
}

}  // namespace

void fetch_stored_part(store::Store& store, const Layout& layout, const Manifest& manifest,
                       const Part& part, stream::Sink& sink, stream::DigestSet digests) {
  stream::HoldFinishSink end{sink};
  stream::HashSink hash{end, digests};
  fetch_hashed(store, layout.part(manifest.label, part.name), part, hash);
  sink.finish();
}

void fetch_part(store::Store& store, const Layout& layout, const Manifest& manifest,
                const Part& part, const seal::Keyring& keys, stream::Sink& sink) {
  const store::Key key = layout.part(manifest.label, part.name);
  constexpr auto what = "size after decompression";
  stream::HoldFinishSink end{sink};
  stream::LimitSink limit{end, part.original_bytes, refusal(key, what, part.original_bytes)};
  PartOpener opener{limit, manifest, part, keys};
  stream::HashSink hash{opener};
  fetch_hashed(store, key, part, hash);
  if (limit.bytes() != part.original_bytes) {
    throw_different(key, what, std::to_string(limit.bytes()), std::to_string(part.original_bytes));
  }
  sink.finish();
}

}  // namespace bkp::backup
