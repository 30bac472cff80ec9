#pragma once

#include <string>

#include "util/error.hpp"

namespace bkp::util {

/// "message (while context); hint": for an error that is only a warning, whose reader wants to know
/// what to do as well.
std::string with_hint(const Error& error);

}  // namespace bkp::util
