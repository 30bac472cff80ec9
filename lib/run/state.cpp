#include "run/state.hpp"

#include "util/error.hpp"
#include "util/files.hpp"

namespace bkp::run {

std::filesystem::path state_path(const config::Config& config, std::string_view kind) {
  return config.catalog.spool_directory.parent_path() / kind / config.site;
}

std::filesystem::path state_directory(const config::Config& config, std::string_view kind) {
  auto directory = state_path(config, kind);
  util::with_context("making the place for notes between runs, beside catalog.spool_directory",
                     [&] { util::make_private_directories(directory); });
  return directory;
}

}  // namespace bkp::run
