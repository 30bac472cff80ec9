#pragma once

#include <filesystem>

#include "exports/contents.hpp"

namespace bkp::exports {

/// Makes of the entry's origin what the entry says: a file in one step, with its mode, and its
/// owner where this is root and knows the names; a directory when it is missing. Missing
/// directories on the way are made. Nothing is written through a link (no_links.hpp). Throws
/// Error{refused}, Error{store}.
void write_entry(const Entry& entry);

/// Removes a file, or a directory that is empty. Best effort.
void remove_entry(const std::filesystem::path& path) noexcept;

}  // namespace bkp::exports
