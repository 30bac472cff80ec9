#include "stream/sinks.hpp"

#include <fmt/format.h>

#include "util/error.hpp"

namespace bkp::stream {

void StringSink::write(std::span<const std::byte> data) {
  if (data.size() > m_limit - m_text.size()) {
    throw util::Error{util::ErrorKind::internal,
                      fmt::format("more than the {} bytes expected here", m_limit)};
  }
  m_text.append(reinterpret_cast<const char*>(data.data()), data.size());
}

ObservingSink::~ObservingSink() {
  ObservingSink::abort();
}

void ObservingSink::write(std::span<const std::byte> data) {
  m_next.write(data);
  m_observe(data.size());
}

void ObservingSink::finish() {
  m_next.finish();
  m_ended = true;
}

void ObservingSink::abort() noexcept {
  if (!std::exchange(m_ended, true)) m_next.abort();
}

LimitSink::~LimitSink() {
  LimitSink::abort();
}

void LimitSink::write(std::span<const std::byte> data) {
  if (data.size() > m_limit - m_bytes) m_refuse();
  m_next.write(data);
  m_bytes += data.size();
}

void LimitSink::finish() {
  m_next.finish();
  m_ended = true;
}

void LimitSink::abort() noexcept {
  if (!std::exchange(m_ended, true)) m_next.abort();
}

}  // namespace bkp::stream
