#pragma once

#include <filesystem>

namespace bkp::bench {

/// Waits until no process holds this lock of flock(2), with which what runs in the background says
/// that it does.
void wait_until_unlocked(const std::filesystem::path& file);

}  // namespace bkp::bench
