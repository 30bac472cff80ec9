#include "store/memory_store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::store {

/// Keeps the bytes to itself until it is finished.
class MemoryObjectSink final : public stream::Sink {
 public:
  MemoryObjectSink(MemoryStore& store, Key key) : m_store{store}, m_key{std::move(key)} {}
  ~MemoryObjectSink() override { MemoryObjectSink::abort(); }

  void write(std::span<const std::byte> data) override {
    m_bytes.append(reinterpret_cast<const char*>(data.data()), data.size());
  }

  void finish() override {
    const std::lock_guard lock{m_store.m_mutex};
    const auto [position, inserted] = m_store.m_objects.try_emplace(m_key.text());
    if (!inserted) {
      throw util::Error{
          util::ErrorKind::store,
          fmt::format("cannot create {} in memory: it exists already", util::quoted(m_key.text()))};
    }
    position->second = {std::move(m_bytes), std::chrono::system_clock::now()};
  }

  void abort() noexcept override { m_bytes.clear(); }

 private:
  MemoryStore& m_store;
  Key m_key;
  std::string m_bytes;
};

std::unique_ptr<stream::Sink> MemoryStore::create(const Key& key) {
  return std::make_unique<MemoryObjectSink>(*this, key);
}

bool MemoryStore::fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) {
  std::string bytes;
  {
    const std::lock_guard lock{m_mutex};
    const auto found = m_objects.find(key.text());
    if (found == m_objects.end()) return false;
    bytes = found->second.bytes;
  }
  std::string_view wanted = bytes;
  if (range)
    wanted = wanted.substr(std::min<std::uint64_t>(range->offset, bytes.size()), range->length);
  sink.write(std::as_bytes(std::span{wanted}));
  return true;
}

std::optional<ObjectInfo> MemoryStore::stat(const Key& key) {
  const std::lock_guard lock{m_mutex};
  const auto found = m_objects.find(key.text());
  if (found == m_objects.end()) return std::nullopt;
  return ObjectInfo{found->first, found->second.bytes.size(), found->second.modified};
}

std::vector<ObjectInfo> MemoryStore::list(const Key& prefix) {
  const std::lock_guard lock{m_mutex};
  std::vector<ObjectInfo> result;
  for (const auto& [key, object] : m_objects) {
    if (key == prefix.text() || key.starts_with(prefix.text() + "/")) {
      result.push_back({key, object.bytes.size(), object.modified});
    }
  }
  return result;
}

std::vector<std::string> MemoryStore::names(const Key& prefix) {
  const std::lock_guard lock{m_mutex};
  const std::string start = prefix.text() + "/";
  std::vector<std::string> result;
  for (auto object = m_objects.lower_bound(start);
       object != m_objects.end() && object->first.starts_with(start); ++object) {
    const auto& key = object->first;
    auto name = key.substr(start.size(), key.find('/', start.size()) - start.size());
    if (result.empty() || result.back() != name) result.push_back(std::move(name));
  }
  // "a-b/x" comes before "a/x", but "a" before "a-b".
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

bool MemoryStore::remove(const Key& key) {
  const std::lock_guard lock{m_mutex};
  return m_objects.erase(key.text()) > 0;
}

/// There is nothing that outlives its sink.
std::vector<std::string> MemoryStore::unfinished(const Key&, const KeyTest&, util::Time) {
  return {};
}

std::vector<std::string> MemoryStore::remove_unfinished(const Key&, util::Time) {
  return {};
}

}  // namespace bkp::store
