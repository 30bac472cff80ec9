#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace bkp::test {

/// Throws std::system_error, for a call that set errno or answered with an error number.
[[noreturn]] inline void fail(const std::string& what, int error_number = errno) {
  throw std::system_error{error_number, std::generic_category(), what};
}

}  // namespace bkp::test
