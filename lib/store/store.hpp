#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/key.hpp"
#include "stream/sink.hpp"
#include "util/clock.hpp"

namespace bkp::store {

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;  ///< bytes
  util::Time modified;
};

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct StoreSpace {
  std::uint64_t capacity = 0;   ///< bytes
  std::uint64_t available = 0;  ///< bytes
};

using KeyTest = std::function<bool(std::string_view key)>;
inline bool no_key(std::string_view) {
  return false;
}

/// After all that was ever begun.
inline constexpr util::Time whenever = util::Time::max();

/// Immutable objects under keys. Every failure is Error{store} naming the store's URL and the key;
/// absence is an empty optional or `false`. An object is visible to stat, list and fetch only after
/// its sink's finish() returned, and is then durable. Distinct threads may use one Store at a time
/// each; sinks of one Store may be used from different threads at once. A Store outlives its sinks.
class Store {
 public:
  virtual ~Store() = default;

  /// Where this store is, without secrets: "file:///var/backups/bkp".
  virtual std::string url() const = 0;

  /// A sink for a new object. finish() throws Error{store} when the key exists by then: nothing is
  /// ever overwritten. Aborting leaves no object.
  virtual std::unique_ptr<stream::Sink> create(const Key& key) = 0;

  /// Writes the object, or the range of it, to `sink` without finishing it; false when there is
  /// none. What the sink throws is passed on. A range past the end gives the bytes there are.
  virtual bool fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) = 0;

  virtual std::optional<ObjectInfo> stat(const Key& key) = 0;

  /// All objects whose key is `prefix` or starts with `prefix` + "/", sorted by key, bytewise.
  virtual std::vector<ObjectInfo> list(const Key& prefix) = 0;

  /// The distinct names that follow `prefix` + "/" in the keys of objects: "a" and "b" for
  /// PREFIX/a/x, PREFIX/a/y and PREFIX/b. Sorted bytewise. Takes as long as there are names,
  /// however many objects are below them. A name may be there below which are only unfinished
  /// objects.
  virtual std::vector<std::string> names(const Key& prefix) = 0;

  /// True when it was there. The removal is durable when this returns.
  virtual bool remove(const Key& key) = 0;

  /// Removes those of the objects that are there, many in one request where the store can. After an
  /// error some may be left.
  virtual void remove_all(const std::vector<Key>& keys);

  /// The keys, below `prefix`, of what crashed writers left and others are at, as far as it was
  /// begun before: temporary files, and the objects that open multipart uploads would become.
  /// Nothing is looked for at and below keys that `pass_over` is true of.
  virtual std::vector<std::string> unfinished(const Key& prefix, const KeyTest& pass_over,
                                              util::Time begun_before) = 0;
  /// Removes it; returns the keys. Only for a caller who holds the lock of those who write there,
  /// or for what is so old that nobody can be at it any more.
  virtual std::vector<std::string> remove_unfinished(const Key& prefix,
                                                     util::Time begun_before) = 0;

  /// nullopt where the notion makes no sense.
  virtual std::optional<StoreSpace> space() = 0;
};

/// Convenience over create(): one small object.
void put_text(Store& store, const Key& key, std::string_view text);
/// A small object in the place of the one that is there, if any. When it cannot be written the old
/// one is put back, if that can be. Not at once for others: in between there is none.
void replace_text(Store& store, const Key& key, std::string_view text);
/// Convenience over fetch(): a small object; nullopt when absent, Error{damaged} beyond `limit`
/// bytes.
std::optional<std::string> get_text(Store& store, const Key& key,
                                    std::size_t limit = std::size_t{256} << 20U);

}  // namespace bkp::store
