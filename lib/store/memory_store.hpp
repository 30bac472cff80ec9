#pragma once

#include <map>
#include <mutex>

#include "store/store.hpp"

namespace bkp::store {

/// Objects in memory: for unit tests, with the same contract as every other store.
class MemoryStore final : public Store {
 public:
  std::string url() const override { return "memory:"; }
  std::unique_ptr<stream::Sink> create(const Key& key) override;
  bool fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) override;
  std::optional<ObjectInfo> stat(const Key& key) override;
  std::vector<ObjectInfo> list(const Key& prefix) override;
  std::vector<std::string> names(const Key& prefix) override;
  bool remove(const Key& key) override;
  std::vector<std::string> unfinished(const Key& prefix, const KeyTest& pass_over,
                                      util::Time begun_before) override;
  std::vector<std::string> remove_unfinished(const Key& prefix, util::Time begun_before) override;
  std::optional<StoreSpace> space() override { return std::nullopt; }

 private:
  struct Object {
    std::string bytes;
    util::Time modified;
  };
  friend class MemoryObjectSink;
  std::mutex m_mutex;
  std::map<std::string, Object> m_objects;
};

}  // namespace bkp::store
