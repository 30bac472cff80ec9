#pragma once

#include <filesystem>

#include "config/config.hpp"

namespace bkp::wal {

/// Where runs of wal-push and wal-fetch leave notes for the next: SPOOL_DIRECTORY/../wal/SITE, made
/// when it is not there. Nothing in it is needed: what is lost costs time. Throws Error{store}.
std::filesystem::path state_directory(const config::Config& config);

}  // namespace bkp::wal
