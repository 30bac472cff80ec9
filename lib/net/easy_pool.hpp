#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/easy.hpp"

namespace bkp::net {

/// Handles to be used again, so that connections are: a new one costs round trips. Any thread.
class EasyPool {
 public:
  /// A handle of the pool, without options; it goes back when this ends. The pool outlives it.
  class Lease {
   public:
    Lease(EasyPool& pool, std::unique_ptr<Easy> easy) : m_pool{pool}, m_easy{std::move(easy)} {}
    ~Lease() { m_pool.give_back(std::move(m_easy)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Easy& operator*() const noexcept { return *m_easy; }
    Easy* operator->() const noexcept { return m_easy.get(); }

   private:
    EasyPool& m_pool;
    std::unique_ptr<Easy> m_easy;
  };

  /// `protocols` as for Easy. As many handles are kept as were ever in use at once.
  explicit EasyPool(std::string protocols) : m_protocols{std::move(protocols)} {}

  Lease take();

 private:
  void give_back(std::unique_ptr<Easy> easy) noexcept;

  std::string m_protocols;
  std::mutex m_mutex;
  std::vector<std::unique_ptr<Easy>> m_idle;
};

}  // namespace bkp::net
