// What sink.hpp promises of every stage, checked on each of them.

#include <catch2/catch.hpp>
#include <functional>
#include <memory>

#include "stream/hash.hpp"
#include "stream/queue.hpp"
#include "stream/rate_limit.hpp"
#include "stream/sinks.hpp"
#include "stream/tee.hpp"
#include "stream/zstd.hpp"
#include "stream/zstd_frames.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_sink.hpp"

using namespace bkp::stream;
using namespace bkp::test;
using bkp::util::Error;

namespace {

struct Stage {
  std::string name;
  std::function<std::unique_ptr<Sink>(Sink& next)> make;
  std::string input = "some data";  ///< what the stage accepts
};

/// A stage that must own its next one.
class Forward final : public Sink {
 public:
  explicit Forward(Sink& next) : m_next{next} {}
  void write(std::span<const std::byte> data) override { m_next.write(data); }
  void finish() override { m_next.finish(); }
  void abort() noexcept override { m_next.abort(); }

 private:
  Sink& m_next;
};

std::string compressed(std::string_view text) {
  StringSink result;
  ZstdCompressSink zstd{result, 1, 1};
  zstd.write(bytes_of(text));
  zstd.finish();
  return result.text();
}

const ManualClock manual_clock;

std::vector<Stage> all_stages() {
  return {
      {"hash", [](Sink& next) { return std::make_unique<HashSink>(next); }},
      {"compress", [](Sink& next) { return std::make_unique<ZstdCompressSink>(next, 1, 1); }},
      {"compress to frames",
       [](Sink& next) { return std::make_unique<ZstdFramesSink>(next, 1, 2); }},
      {"compress to frames beside each other",
       [](Sink& next) { return std::make_unique<ZstdFramesSink>(next, 1, 2); },
       std::string(7'000'000, 'x')},
      {"decompress", [](Sink& next) { return std::make_unique<ZstdDecompressSink>(next); },
       compressed("some data")},
      {"rate limit",
       [](Sink& next) { return std::make_unique<RateLimitSink>(next, 1000, manual_clock); }},
      {"queue", [](Sink& next) { return std::make_unique<QueueSink>(next); }},
      {"observe",
       [](Sink& next) { return std::make_unique<ObservingSink>(next, [](std::size_t) {}); }},
      {"limit", [](Sink& next) { return std::make_unique<LimitSink>(next, 1000, [] {}); }},
      {"tee",
       [](Sink& next) {
         std::vector<TeeSink::Branch> branches;
         branches.push_back({"only", std::make_unique<Forward>(next)});
         return std::make_unique<TeeSink>(std::move(branches));
       }},
  };
}

}  // namespace

TEST_CASE("every stage keeps the contract of Sink") {
  for (const Stage& stage : all_stages()) {
    DYNAMIC_SECTION(
        stage.name << ": finish makes the next stage final, once, and abort then does nothing") {
      Recording next;
      RecordingSink sink{next};
      {
        const auto tested = stage.make(sink);
        tested->write(bytes_of(stage.input));
        tested->finish();
        CHECK(next.finished == 1);
        tested->abort();
      }
      CHECK(next.finished == 1);
      CHECK(next.aborted == 0);
      CHECK_FALSE(next.text.empty());
    }
    DYNAMIC_SECTION(stage.name << ": the destructor aborts what was not finished") {
      Recording next;
      RecordingSink sink{next};
      stage.make(sink)->write(bytes_of(stage.input));
      CHECK(next.finished == 0);
      CHECK(next.aborted == 1);
    }
    DYNAMIC_SECTION(stage.name << ": abort is passed on once") {
      Recording next;
      RecordingSink sink{next};
      {
        const auto tested = stage.make(sink);
        tested->write(bytes_of(stage.input));
        tested->abort();
        tested->abort();
        CHECK(next.aborted == 1);
      }
      CHECK(next.aborted == 1);
      CHECK(next.finished == 0);
    }
    DYNAMIC_SECTION(
        stage.name << ": what the next stage throws comes out, and then it is aborted") {
      Recording next;
      next.on_write = throwing("disk full");
      RecordingSink sink{next};
      {
        const auto tested = stage.make(sink);
        const auto write_all = [&] {
          tested->write(bytes_of(stage.input));
          tested->finish();
        };
        CHECK_THROWS_WITH(write_all(), "disk full");
      }
      CHECK(next.finished == 0);
      CHECK(next.aborted == 1);
    }
    DYNAMIC_SECTION(
        stage.name << ": a failing finish comes out, and then the next stage is aborted") {
      Recording next;
      next.on_finish = throwing("cannot flush");
      RecordingSink sink{next};
      {
        const auto tested = stage.make(sink);
        tested->write(bytes_of(stage.input));
        CHECK_THROWS_WITH(tested->finish(), "cannot flush");
      }
      CHECK(next.finished == 0);
      CHECK(next.aborted == 1);
    }
    DYNAMIC_SECTION(stage.name << ": empty pieces change nothing") {
      Recording next;
      RecordingSink sink{next};
      Recording other_next;
      RecordingSink other_sink{other_next};
      const auto tested = stage.make(sink);
      const auto other = stage.make(other_sink);
      tested->write({});
      tested->write(bytes_of(stage.input));
      tested->write({});
      tested->finish();
      other->write(bytes_of(stage.input));
      other->finish();
      CHECK(next.text == other_next.text);
    }
  }
}
