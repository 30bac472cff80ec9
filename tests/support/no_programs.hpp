#pragma once

#include <memory>

#include "util/error.hpp"
#include "util/process.hpp"

namespace bkp::test {

/// A machine without programs, for what must not start any.
class NoPrograms final : public util::ProcessRunner {
 public:
  std::unique_ptr<util::ChildProcess> start(const util::Command& command) override {
    throw util::Error{util::ErrorKind::not_found, "there is no " + command.argv.front()};
  }
};

}  // namespace bkp::test
