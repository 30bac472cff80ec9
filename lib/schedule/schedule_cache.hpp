#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "schedule/schedule.hpp"

namespace bkp::schedule {

/// The enabled schedules as they were last seen, moved on by what was begun since: for the time
/// when the catalog is down. {"v": 1, "schedules": […]}.

/// nullopt where there is no such file. Throws Error{damaged} for one that bkp has not written,
/// Error{store} for one that cannot be read.
std::optional<std::vector<Schedule>> read_cache(const std::filesystem::path& path);
/// Replaces it in one step, durably. Throws Error{store}.
void write_cache(const std::filesystem::path& path, const std::vector<Schedule>& schedules);

}  // namespace bkp::schedule
