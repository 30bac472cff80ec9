#pragma once

#include <cstdint>
#include <filesystem>

#include "run/context.hpp"

namespace bkp::recover {

/// Where dumps are unpacked: recover.scratch_directory, made when it is not there (0700); without a
/// configuration $TMPDIR or /var/tmp.
std::filesystem::path scratch_directory(const run::Context& context);

/// Throws Error{refused} with both figures and the setting when the file system of `directory` has
/// not so many bytes free.
void require_space(const std::filesystem::path& directory, std::uint64_t needed);

}  // namespace bkp::recover
