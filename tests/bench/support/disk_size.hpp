#pragma once

#include <cstdint>
#include <filesystem>

namespace bkp::bench {

/// Bytes of a file, or of all files below a directory.
std::uint64_t size_below(const std::filesystem::path& path);

}  // namespace bkp::bench
