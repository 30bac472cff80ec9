#pragma once

#include <filesystem>
#include <string_view>

#include "config/config.hpp"

namespace bkp::run {

/// Where runs leave notes of one kind for the next: SPOOL_DIRECTORY/../KIND/SITE. What is lost of
/// them costs time; of `notify`, what is wrong is told once more.
std::filesystem::path state_path(const config::Config& config, std::string_view kind);
/// The same, which is made when it is not there. Throws Error{store}.
std::filesystem::path state_directory(const config::Config& config, std::string_view kind);

}  // namespace bkp::run
