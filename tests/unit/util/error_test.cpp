#include "util/error.hpp"
#include "support/error_of.hpp"
#include "util/advice.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <stdexcept>

using namespace bkp::util;

TEST_CASE("each kind has its documented exit code and name") {
  const auto code = [](ErrorKind kind) { return Error{kind, "x"}.exit_code(); };
  CHECK(code(ErrorKind::internal) == 1);
  CHECK(code(ErrorKind::usage) == 2);
  CHECK(code(ErrorKind::partial) == 3);
  CHECK(code(ErrorKind::config) == 4);
  CHECK(code(ErrorKind::database) == 5);
  CHECK(code(ErrorKind::store) == 6);
  CHECK(code(ErrorKind::locked) == 7);
  CHECK(code(ErrorKind::damaged) == 8);
  CHECK(code(ErrorKind::key) == 9);
  CHECK(code(ErrorKind::not_found) == 10);
  CHECK(code(ErrorKind::refused) == 11);
  CHECK(kind_name(ErrorKind::not_found) == "not_found");
  CHECK(kind_name(ErrorKind::database) == "database");
  CHECK(kind_name(ErrorKind::interrupted) == "interrupted");
}

TEST_CASE("an interrupted run ends with 128 + signal") {
  const Error error = Error::interrupted(SIGTERM);
  CHECK(error.kind() == ErrorKind::interrupted);
  CHECK(error.signal() == SIGTERM);
  CHECK(error.exit_code() == 143);
  CHECK(error.message() == "ended by signal 15 (Terminated)");
}

TEST_CASE("system errors say what the system said and what to do") {
  const Error full = Error::from_errno(ErrorKind::store, "cannot write \"x\"", ENOSPC);
  CHECK(full.message() == "cannot write \"x\": No space left on device");
  CHECK(full.hint().find("space") != std::string::npos);
  for (const int number : {EACCES, EROFS, ENOENT, EDQUOT, EPERM}) {
    CHECK_FALSE(Error::from_errno(ErrorKind::store, "x", number).hint().empty());
  }
  CHECK(Error::from_errno(ErrorKind::store, "x", EIO).hint().empty());
}

TEST_CASE("context is added on the way up, innermost first") {
  const auto error = bkp::test::error_of([&] {
    with_context("backing up", [] {
      with_context("writing", [] { throw Error{ErrorKind::store, "disk full", "buy one"}; });
    });
  });
  CHECK(error.context() == std::vector<std::string>{"writing", "backing up"});
  CHECK(error.full_message() == "disk full (while writing; while backing up)");
  CHECK(error.message() == "disk full");
  CHECK(error.hint() == "buy one");
  CHECK(with_context("counting", [] { return 7; }) == 7);
}

TEST_CASE("foreign exceptions become internal errors, our own stay") {
  const auto caught = [](auto&& thrown) {
    try {
      throw thrown;
    } catch (...) {
      return current_error();
    }
  };
  CHECK(caught(Error{ErrorKind::locked, "busy"}).kind() == ErrorKind::locked);
  const Error foreign = caught(std::runtime_error{"odd"});
  CHECK(foreign.kind() == ErrorKind::internal);
  CHECK(foreign.message() == "odd");
  CHECK(caught(std::bad_alloc{}).message() == "out of memory");
  CHECK(caught(42).kind() == ErrorKind::internal);
}

TEST_CASE("an error that is only a warning is told with its hint") {
  Error error{ErrorKind::store, "no room", "make some"};
  CHECK(with_hint(error) == "no room; make some");
  error.add_context("copying");
  CHECK(with_hint(error) == error.full_message() + "; make some");
  CHECK(with_hint(Error{ErrorKind::store, "no room"}) == "no room");
}
