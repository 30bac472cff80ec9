#include "wal/state.hpp"

#include "util/error.hpp"
#include "util/files.hpp"

namespace bkp::wal {

std::filesystem::path state_directory(const config::Config& config) {
  auto directory = config.catalog.spool_directory.parent_path() / "wal" / config.site;
  util::with_context("making the place for notes on WAL, beside catalog.spool_directory",
                     [&] { util::make_private_directories(directory); });
  return directory;
}

}  // namespace bkp::wal
