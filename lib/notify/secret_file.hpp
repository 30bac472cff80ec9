#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bkp::notify {

/// What a private file holds; `what` names it in messages ("the password file"). Throws Error{key}
/// where it is missing, or others can read it.
std::string read_secret(const std::filesystem::path& file, std::string_view what);

}  // namespace bkp::notify
