#pragma once

#include <filesystem>
#include <vector>

#include "backup/manifest.hpp"
#include "pg/control_file.hpp"
#include "util/interrupt.hpp"

namespace bkp::physical {

struct CheckedPages {
  std::uint64_t pages = 0;
  std::vector<backup::BadPage> bad;  ///< at most some hundred of them
};

/// Reads every page of a cluster whose server was shut down, as pg_checksums(1) does. Throws
/// Error{store} for what cannot be read.
CheckedPages check_pages(const std::filesystem::path& data, const pg::ControlFile& control,
                         const util::Interrupt& interrupt);

}  // namespace bkp::physical
