#pragma once

#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "stream/sink.hpp"
#include "support/bytes.hpp"
#include "util/error.hpp"

namespace bkp::test {

/// Text of `size` bytes in which nothing repeats soon, the same for the same seed.
inline std::string noise(std::size_t size, unsigned seed = 1) {
  std::string text(size, '\0');
  unsigned state = seed * 2654435761U + 1;
  for (char& byte : text) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return text;
}

/// What a stage did to the one behind it; the hooks may throw, but for the last.
struct Recording {
  std::string text;
  std::vector<std::size_t> sizes;  ///< of each write
  int finished = 0;
  int aborted = 0;
  std::thread::id write_thread;
  std::thread::id finish_thread;
  std::thread::id abort_thread;
  std::function<void()> on_write = [] {};
  std::function<void()> on_finish = [] {};
  std::function<void()> on_abort = [] {};
};

/// Writes down what happens to it in a Recording that outlives it. Its destructor does nothing, so
/// that every abort recorded was asked for by the stage in front.
class RecordingSink final : public stream::Sink {
 public:
  explicit RecordingSink(Recording& recording) : m_recording{recording} {}

  void write(std::span<const std::byte> data) override {
    m_recording.write_thread = std::this_thread::get_id();
    m_recording.on_write();
    m_recording.sizes.push_back(data.size());
    m_recording.text.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void finish() override {
    m_recording.finish_thread = std::this_thread::get_id();
    m_recording.on_finish();
    ++m_recording.finished;
  }
  void abort() noexcept override {
    m_recording.abort_thread = std::this_thread::get_id();
    m_recording.on_abort();
    ++m_recording.aborted;
  }

 private:
  Recording& m_recording;
};

inline std::function<void()> throwing(std::string message) {
  return [message = std::move(message)] { throw util::Error{util::ErrorKind::store, message}; };
}

/// As above, from the nth call on.
inline std::function<void()> throwing_at(int nth, std::string message) {
  return [nth, calls = 0, message = std::move(message)]() mutable {
    if (++calls >= nth) throw util::Error{util::ErrorKind::store, message};
  };
}

}  // namespace bkp::test
