#pragma once

#include <catch2/catch.hpp>

#include "util/error.hpp"

namespace bkp::test {

/// The error that the body throws; the test fails when it throws none.
template <class Expected = util::Error, class Body>
Expected error_of(const Body& body) {
  try {
    body();
  } catch (const Expected& error) {
    UNSCOPED_INFO(error.full_message());
    return error;
  }
  FAIL("no error was thrown");
  throw;
}

}  // namespace bkp::test
