#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace bkp::bench {

/// What no program can make smaller.
std::vector<std::byte> random_data(std::uint64_t bytes);
void write_random_file(const std::filesystem::path& file, std::uint64_t bytes);

}  // namespace bkp::bench
