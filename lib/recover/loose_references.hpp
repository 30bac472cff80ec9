#pragma once

#include <string>
#include <vector>

#include "pg/archive_reader.hpp"

namespace bkp::recover {

/// What tables refer to by a name that is data to PostgreSQL, so that an archive's table of
/// contents lists no dependency: columns of a type whose values are names (regclass and its like),
/// and defaults that name their sequence by a text. Each in words, in archive order. Where such an
/// object was not chosen, a part of the archive cannot be loaded, or not be used alone.
std::vector<std::string> loose_references(const std::vector<pg::ArchiveEntry>& entries);

}  // namespace bkp::recover
