#include "stream/rate_limit.hpp"

#include <algorithm>
#include <utility>

namespace bkp::stream {

using std::chrono::nanoseconds;

namespace {

// Half of the allowed burst is the slice that goes at once, half is time that may be caught up
// after a sleep that took too long; without the latter the limit would be undercut on a busy
// machine.
constexpr nanoseconds slice_time = std::chrono::milliseconds{50};

constexpr std::uint64_t largest_slice = std::uint64_t{1} << 20U;

std::uint64_t slice_of(std::uint64_t rate) {
  return std::clamp<std::uint64_t>(rate / (std::chrono::seconds{1} / slice_time), 1, largest_slice);
}

}  // namespace

RateLimitSink::RateLimitSink(Sink& next, std::uint64_t bytes_per_second, const util::Clock& clock)
    : m_next{next}, m_rate{bytes_per_second}, m_clock{clock}, m_due{clock.steady()} {}

RateLimitSink::~RateLimitSink() {
  RateLimitSink::abort();
}

void RateLimitSink::write(std::span<const std::byte> data) {
  if (m_rate == 0) return m_next.write(data);
  while (!data.empty()) {
    const std::size_t size = std::min<std::size_t>(data.size(), slice_of(m_rate));
    auto now = m_clock.steady();
    if (now < m_due) {
      m_clock.sleep_for(m_due - now);
      now = m_clock.steady();
    }
    m_due = std::max(m_due, now - slice_time) + nanoseconds{size * 1'000'000'000 / m_rate};
    m_next.write(data.first(size));
    data = data.subspan(size);
  }
}

void RateLimitSink::finish() {
  m_next.finish();
  m_ended = true;
}

void RateLimitSink::abort() noexcept {
  if (!std::exchange(m_ended, true)) m_next.abort();
}

}  // namespace bkp::stream
