#pragma once

#include <memory>
#include <string>

#include "store/open.hpp"
#include "support/no_programs.hpp"

namespace bkp::test {

/// store::open_store() with nothing around it: no environment, no programs.
inline std::unique_ptr<store::Store> open_store(const std::string& url, store::OpenMode mode) {
  static const util::Environment environment;
  static NoPrograms programs;
  static const util::Interrupt interrupt;
  return store::open_store({url, {}, {}}, mode, {environment, programs, interrupt});
}

}  // namespace bkp::test
