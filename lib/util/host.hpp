#pragma once

#include <string>

namespace bkp::util {

/// This machine's name, gethostname(2).
std::string host_name();
/// The login name of the effective user; "uid N" when it has none.
std::string user_name();

}  // namespace bkp::util
