#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "util/clock.hpp"

namespace bkp::notify {

/// When each kind of run last succeeded on this host, by its subject: for what is at risk since
/// then. A few hundred are kept, the latest. What cannot be read is nothing.
std::map<std::string, util::Time> read_last_good(const std::filesystem::path& file);
/// Throws Error{store}.
void note_last_good(const std::filesystem::path& file, const std::string& subject, util::Time now);

}  // namespace bkp::notify
