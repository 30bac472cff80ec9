#include "stream/rate_limit.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "stream/sinks.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_sink.hpp"

using namespace bkp::stream;
using namespace bkp::test;
using namespace std::chrono_literals;

TEST_CASE("data flows at the rate that was asked for") {
  const auto rate = GENERATE(std::uint64_t{10}, std::uint64_t{1'000}, std::uint64_t{1'000'000});
  const ManualClock clock;
  StringSink result;
  RateLimitSink limit{result, rate, clock};
  const std::string text = noise(rate * 3);
  limit.write(bytes_of(text));
  limit.finish();
  CHECK((result.text() == text));
  CHECK(clock.elapsed() >= 2900ms);
  CHECK(clock.elapsed() <= 3000ms);
}

TEST_CASE("without a limit nothing is sliced and nobody sleeps") {
  const ManualClock clock;
  Recording next;
  RecordingSink sink{next};
  RateLimitSink limit{sink, 0, clock};
  limit.write(bytes_of(std::string(10'000'000, 'x')));
  CHECK(next.sizes.size() == 1);
  CHECK(clock.elapsed() == 0ms);
}

TEST_CASE("no tenth of a second passes more than its share, also after a pause") {
  ManualClock clock;
  Recording next;
  std::vector<std::chrono::nanoseconds> times;
  next.on_write = [&] { times.push_back(clock.elapsed()); };
  RecordingSink sink{next};
  RateLimitSink limit{sink, 100'000, clock};
  const std::string text = noise(30'000);
  limit.write(bytes_of(text));
  clock.advance(1h);
  limit.write(bytes_of(text));
  clock.advance(60ms);
  limit.write(bytes_of(text));

  for (std::size_t first = 0; first < times.size(); ++first) {
    std::size_t burst = 0;
    for (std::size_t last = first; last < times.size() && times[last] == times[first]; ++last) {
      burst += next.sizes[last];
    }
    CHECK(burst <= 10'000);
  }
  CHECK((next.text == text + text + text));
}

TEST_CASE("a sleep that took too long is caught up, so that the rate is reached") {
  /// Oversleeps by 20 ms, as a busy machine does.
  class SleepyClock final : public bkp::util::Clock {
   public:
    bkp::util::Time now() const override { return m_clock.now(); }
    std::chrono::steady_clock::time_point steady() const override { return m_clock.steady(); }
    void sleep_for(std::chrono::nanoseconds duration) const override {
      m_clock.sleep_for(duration + 20ms);
    }
    ManualClock m_clock;
  };
  const SleepyClock clock;
  NullSink null;
  RateLimitSink limit{null, 100'000, clock};
  limit.write(bytes_of(std::string(1'000'000, 'x')));
  CHECK(clock.m_clock.elapsed() >= 9900ms);
  CHECK(clock.m_clock.elapsed() <= 10100ms);
}

TEST_CASE("time that the stage behind needs counts") {
  ManualClock clock;
  Recording next;
  next.on_write = [&] { clock.advance(50ms); };
  RecordingSink sink{next};
  RateLimitSink limit{sink, 100'000, clock};
  limit.write(bytes_of(std::string(100'000, 'x')));
  CHECK(clock.slept() == 0ms);
}

TEST_CASE("a stage behind can end a slow stream between two slices") {
  const ManualClock clock;
  Recording next;
  next.on_write = throwing_at(3, "stop");
  RecordingSink sink{next};
  RateLimitSink limit{sink, 1'000, clock};
  CHECK_THROWS_WITH(limit.write(bytes_of(std::string(100'000, 'x'))), "stop");
  CHECK(next.text.size() == 100);
}
