#pragma once

#include "util/environment.hpp"
#include "util/interrupt.hpp"
#include "util/process.hpp"

namespace bkp::store {

enum class OpenMode {
  existing,  ///< a missing root is an Error{store}: a file system that is not mounted must not be
             ///< mistaken for an empty store
  create,    ///< makes the root (init)
};

/// What stores beyond this host need of the program around them; outlives them.
struct Seams {
  const util::Environment& environment;
  util::ProcessRunner& processes;
  const util::Interrupt& interrupt;
};

}  // namespace bkp::store
