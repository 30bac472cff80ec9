#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>

#include "run/context.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"

namespace bkp::recover {

/// Where dumps are unpacked: recover.scratch_directory, made when it is not there (0700); without a
/// configuration $TMPDIR or /var/tmp.
std::filesystem::path scratch_directory(const run::Context& context);

/// A file without a name in it; see util::open_unnamed_file().
util::Fd open_scratch_file(const std::filesystem::path& directory);

/// Throws Error{refused} with both figures and the setting when the file system of `directory` has
/// not so many bytes free.
void require_space(const std::filesystem::path& directory, std::uint64_t needed);

/// An Error{store} over a file in the scratch directory as what it is: Error{refused} that names
/// the setting. No copy in a store is to blame, and another one would fare no better.
util::Error scratch_error(const util::Error& error);

/// Runs `body`; what leaves it goes through scratch_error(). All above do so.
template <class Body>
decltype(auto) in_scratch(Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const util::Error& error) {
    if (error.kind() != util::ErrorKind::store) throw;
    throw scratch_error(error);
  }
}

}  // namespace bkp::recover
