#include "stream/sinks.hpp"

#include <catch2/catch.hpp>

#include "support/recording_sink.hpp"
#include "util/error.hpp"

using namespace bkp::stream;
using namespace bkp::test;
using bkp::util::Error;

TEST_CASE("a string sink collects up to its limit") {
  StringSink sink{5};
  sink.write(bytes_of("abc"));
  sink.write(bytes_of("de"));
  CHECK_FALSE(sink.finished());
  sink.finish();
  CHECK(sink.finished());
  CHECK(sink.text() == "abcde");
  CHECK(sink.take() == "abcde");

  StringSink small{5};
  small.write(bytes_of("abc"));
  CHECK_THROWS_AS(small.write(bytes_of("def")), Error);
  CHECK(small.text() == "abc");
}

TEST_CASE("an observer hears of each piece after it went on") {
  Recording next;
  RecordingSink sink{next};
  std::vector<std::size_t> heard;
  ObservingSink observing{sink, [&](std::size_t bytes) {
                            heard.push_back(bytes);
                            CHECK(next.sizes == heard);
                          }};
  observing.write(bytes_of("abc"));
  observing.write(bytes_of("de"));
  observing.finish();
  CHECK(heard == std::vector<std::size_t>{3, 2});
}

TEST_CASE("an observer that throws ends the stream") {
  Recording next;
  RecordingSink sink{next};
  {
    ObservingSink observing{sink, [](std::size_t) { throw Error::interrupted(15); }};
    CHECK_THROWS_AS(observing.write(bytes_of("abc")), Error);
  }
  CHECK(next.aborted == 1);
  CHECK(next.finished == 0);
}
