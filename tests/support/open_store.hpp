#pragma once

#include <memory>
#include <string>

#include "run/stores.hpp"
#include "support/no_programs.hpp"

namespace bkp::test {

/// run::open_store() with nothing around it: no options, no environment, no programs.
inline std::unique_ptr<store::Store> open_store(const std::string& url, store::OpenMode mode) {
  static const util::Environment environment;
  static NoPrograms programs;
  static const util::Interrupt interrupt;
  config::Store wanted;
  wanted.url = url;
  return run::open_store(wanted, mode, {environment, programs, interrupt});
}

}  // namespace bkp::test
