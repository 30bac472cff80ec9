#pragma once

#include "util/error.hpp"

namespace bkp::notify {

/// A channel's other end refuses this message for what it is: another time it would too.
class Refusal : public util::Error {
 public:
  using Error::Error;
};

}  // namespace bkp::notify
