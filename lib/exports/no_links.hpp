#pragma once

#include <filesystem>

#include "util/fd.hpp"

namespace bkp::exports {

/// Opens (O_CLOEXEC and `flags`) what is at an absolute path when no name on the way to it, itself
/// included, is a link: where others may write to a directory on the way, a link would lead to
/// files that are not theirs. Throws Error{refused} naming the path for a link, Error{not_found}
/// where there is nothing, Error{store} for anything else.
util::Fd open_without_links(const std::filesystem::path& path, int flags);

}  // namespace bkp::exports
