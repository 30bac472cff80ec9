#include "util/fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "util/error.hpp"
#include "util/files.hpp"

using namespace bkp::util;

TEST_CASE("an error of closing names the file, and the descriptor is gone") {
  Pipe pipe = make_pipe();
  ::close(pipe.read.get());
  CHECK_THROWS_WITH(pipe.read.close("\"dump\""), "cannot close \"dump\": Bad file descriptor");
  CHECK_FALSE(pipe.read);
  pipe.write.close("the other end");
  CHECK_FALSE(pipe.write);
}

TEST_CASE("a descriptor has one owner") {
  Pipe pipe = make_pipe();
  const int number = pipe.read.get();
  Fd moved = std::move(pipe.read);
  CHECK_FALSE(pipe.read);
  CHECK(moved.get() == number);
  CHECK(moved.release() == number);
  Fd again{number};
  again = std::move(pipe.write);
  CHECK(again);
}

TEST_CASE("a full disk is named with what was written to, and with what to do") {
  const Fd full = open_file("/dev/full", O_WRONLY);
  const auto error = bkp::test::error_of(
      [&] { write_all(full.get(), std::as_bytes(std::span{"x"}), "the output"); });
  CHECK(error.kind() == ErrorKind::store);
  CHECK(error.message() == "cannot write the output: No space left on device");
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("a reader that has gone away ends a program as the signal would, a full disk does not") {
  auto pipe = make_pipe();
  pipe.read.reset();
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const auto error_at = [](int fd) {
    return bkp::test::error_of(
        [&] { write_for_reader(fd, std::as_bytes(std::span{"x"}), "the output"); });
  };
  CHECK(error_at(pipe.write.get()).exit_code() == 128 + SIGPIPE);
  const Fd full = open_file("/dev/full", O_WRONLY);
  CHECK(error_at(full.get()).kind() == ErrorKind::store);
  std::signal(SIGPIPE, before);
}
