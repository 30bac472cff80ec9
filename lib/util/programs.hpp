#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/environment.hpp"

namespace bkp::util {

/// A regular file that this user may execute.
bool is_program(const std::filesystem::path& path);

/// The programs of this name in the directories of `environment`'s PATH, in its order. An empty or
/// relative directory of it counts for nothing: it would mean the working directory, where anybody
/// may leave a pg_dump.
std::vector<std::filesystem::path> programs_in_path(const std::string& name,
                                                    const Environment& environment);

}  // namespace bkp::util
