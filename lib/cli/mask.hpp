#pragma once

#include <string>
#include <string_view>

namespace bkp::cli {

/// A command-line argument as it may be recorded: passwords in URLs ("://user:***@"), in conninfo
/// ("password=***") and in query strings are masked.
std::string mask_secrets(std::string_view argument);

}  // namespace bkp::cli
