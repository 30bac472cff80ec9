#include "stream/sinks.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/recording_sink.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"
#include "util/files.hpp"

using namespace bkp::stream;
using namespace bkp::test;
using bkp::util::Error;
using bkp::util::ErrorKind;

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

TEST_CASE("a descriptor sink writes through and leaves the descriptor open") {
  const TemporaryDirectory directory;
  auto fd = bkp::util::open_file(directory / "out", O_WRONLY | O_CREAT);
  FdSink sink{fd.get(), "the output"};
  sink.write(bytes_of("one, "));
  sink.write(bytes_of("two"));
  sink.finish();
  CHECK(read_text(directory / "out") == "one, two");
  CHECK(::fcntl(fd.get(), F_GETFD) >= 0);
}

TEST_CASE("a full disk is named with what was written to") {
  auto fd = bkp::util::open_file("/dev/full", O_WRONLY);
  FdSink sink{fd.get(), "the output"};
  try {
    sink.write(bytes_of("x"));
    FAIL("was written");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::store);
    CHECK(error.message() == "cannot write the output: No space left on device");
    CHECK_FALSE(error.hint().empty());
  }
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
