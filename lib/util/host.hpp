#pragma once

#include <sys/types.h>

#include <string>

namespace bkp::util {

/// This machine's name, gethostname(2).
std::string host_name();
/// The login name of a user; "uid N" when it has none.
std::string user_name(uid_t uid);
/// Of the effective user.
std::string user_name();

}  // namespace bkp::util
