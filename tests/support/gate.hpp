#pragma once

#include <future>

namespace bkp::test {

/// Lets nobody pass until it is opened.
class Gate {
 public:
  void open() { m_promise.set_value(); }
  void pass() const { m_future.wait(); }

 private:
  std::promise<void> m_promise;
  std::shared_future<void> m_future = m_promise.get_future().share();
};

}  // namespace bkp::test
