#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>

namespace bkp::test {

/// True for root, who may give files away and become another user. The report of a test that asks
/// says so where it is not.
inline bool running_as_root() {
  if (::geteuid() == 0) return true;
  WARN("not root: not tested");
  return false;
}

}  // namespace bkp::test
