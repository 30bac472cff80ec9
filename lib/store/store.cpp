#include "store/store.hpp"

#include <fmt/format.h>

#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::store {

namespace {

void put_quietly(Store& store, const Key& key, std::string_view text) {
  try {
    put_text(store, key, text);
  } catch (const util::Error&) {
    // The failure that led here is the one to report.
  }
}

}  // namespace

void Store::remove_all(const std::vector<Key>& keys) {
  for (const auto& key : keys) remove(key);
}

void put_text(Store& store, const Key& key, std::string_view text) {
  const auto sink = store.create(key);
  sink->write(std::as_bytes(std::span{text}));
  sink->finish();
}

void replace_text(Store& store, const Key& key, std::string_view text) {
  const auto old = get_text(store, key);
  store.remove(key);
  try {
    put_text(store, key, text);
  } catch (const util::Error&) {
    if (old) put_quietly(store, key, *old);
    throw;
  }
}

std::optional<std::string> get_text(Store& store, const Key& key, std::size_t limit) {
  stream::StringSink text{limit + 1};
  if (!store.fetch(key, ByteRange{0, limit + 1}, text)) return std::nullopt;
  if (text.text().size() > limit) {
    throw util::Error{util::ErrorKind::damaged,
                      fmt::format("{} in {} is larger than {} bytes, which none of its kind is",
                                  util::quoted(key.text()), util::printable(store.url()), limit),
                      "do not trust this store; look who wrote the object"};
  }
  return text.take();
}

}  // namespace bkp::store
