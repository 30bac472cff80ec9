#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"
#include "util/error.hpp"

namespace bkp::test {

/// Another store that fails when told to: the network, the disk, the machine. Every operation is
/// counted, from 1, over all objects together. What was not finished is dropped, as a crash would.
/// Not more thread-safe than the store behind it, apart from the counting.
class FaultyStore final : public store::Store {
 public:
  enum class Operation { create, write, finish, fetch, stat, list, remove };
  enum class When {
    before,  ///< nothing was done
    after,   ///< it was done, but the answer was lost
  };

  /// `inner` must outlive it.
  explicit FaultyStore(store::Store& inner) : m_inner{inner} {}

  /// Makes the nth operation of its kind fail, counted from the store's beginning; the ones before
  /// and after it work.
  void fail_at(Operation operation, int nth, When when = When::before) {
    const std::lock_guard lock{m_mutex};
    m_faults.push_back({operation, nth, when});
  }
  /// Makes every operation of its kind fail from now on.
  void fail_always(Operation operation) { fail_at(operation, always); }

  /// Nothing works from now on, and no sink that is open finishes or aborts properly: what is
  /// unfinished in the store behind is dropped with its sink.
  void crash() {
    const std::lock_guard lock{m_mutex};
    m_crashed = true;
  }
  /// After a crash: works again, all faults forgotten. Sinks from before stay dead.
  void restart() {
    const std::lock_guard lock{m_mutex};
    m_crashed = false;
    ++m_life;
    m_faults.clear();
  }

  int count(Operation operation) const {
    const std::lock_guard lock{m_mutex};
    const auto found = m_counts.find(operation);
    return found == m_counts.end() ? 0 : found->second;
  }

  std::string url() const override { return m_inner.url(); }

  std::unique_ptr<stream::Sink> create(const store::Key& key) override {
    return perform(Operation::create, key, [&] {
      return std::unique_ptr<stream::Sink>{
          std::make_unique<FaultySink>(*this, key, m_inner.create(key))};
    });
  }
  bool fetch(const store::Key& key, std::optional<store::ByteRange> range,
             stream::Sink& sink) override {
    return perform(Operation::fetch, key, [&] { return m_inner.fetch(key, range, sink); });
  }
  std::optional<store::ObjectInfo> stat(const store::Key& key) override {
    return perform(Operation::stat, key, [&] { return m_inner.stat(key); });
  }
  std::vector<store::ObjectInfo> list(const store::Key& prefix) override {
    return perform(Operation::list, prefix, [&] { return m_inner.list(prefix); });
  }
  std::vector<std::string> names(const store::Key& prefix) override {
    return perform(Operation::list, prefix, [&] { return m_inner.names(prefix); });
  }
  bool remove(const store::Key& key) override {
    return perform(Operation::remove, key, [&] { return m_inner.remove(key); });
  }
  std::vector<std::string> unfinished(const store::Key& prefix, const store::KeyTest& pass_over,
                                      util::Time begun_before) override {
    return perform(Operation::list, prefix,
                   [&] { return m_inner.unfinished(prefix, pass_over, begun_before); });
  }
  std::vector<std::string> remove_unfinished(const store::Key& prefix,
                                             util::Time begun_before) override {
    return perform(Operation::remove, prefix,
                   [&] { return m_inner.remove_unfinished(prefix, begun_before); });
  }
  std::optional<store::StoreSpace> space() override { return m_inner.space(); }

 private:
  static constexpr int always = 0;

  struct Fault {
    Operation operation;
    int nth;
    When when;
  };

  class FaultySink final : public stream::Sink {
   public:
    FaultySink(FaultyStore& store, store::Key key, std::unique_ptr<stream::Sink> inner)
        : m_store{store}, m_key{std::move(key)}, m_inner{std::move(inner)}, m_life{store.m_life} {}
    void write(std::span<const std::byte> data) override {
      require_life();
      m_store.perform(Operation::write, m_key, [&] { m_inner->write(data); });
    }
    void finish() override {
      require_life();
      m_store.perform(Operation::finish, m_key, [&] { m_inner->finish(); });
    }
    void abort() noexcept override { m_inner->abort(); }

   private:
    void require_life() const {
      if (m_life != m_store.m_life) throw m_store.failure(m_key);
    }

    FaultyStore& m_store;
    store::Key m_key;
    std::unique_ptr<stream::Sink> m_inner;
    int m_life;
  };

  util::Error failure(const store::Key& key) const {
    return util::Error{util::ErrorKind::store,
                       "injected fault at \"" + key.text() + "\" in " + url()};
  }

  /// How the operation that begins now fails, if it does.
  std::optional<When> begin(Operation operation) {
    const std::lock_guard lock{m_mutex};
    const int number = ++m_counts[operation];
    if (m_crashed) return When::before;
    for (const Fault& fault : m_faults) {
      if (fault.operation == operation && (fault.nth == number || fault.nth == always)) {
        return fault.when;
      }
    }
    return std::nullopt;
  }

  template <class Body>
  auto perform(Operation operation, const store::Key& key, Body body) -> decltype(body()) {
    const auto fault = begin(operation);
    if (fault == When::before) throw failure(key);
    if (fault == When::after) {
      body();
      throw failure(key);
    }
    return body();
  }

  store::Store& m_inner;
  mutable std::mutex m_mutex;
  std::map<Operation, int> m_counts;
  std::vector<Fault> m_faults;
  bool m_crashed = false;
  int m_life = 0;
};

}  // namespace bkp::test
