#include "recover/scratch.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

std::filesystem::path scratch_directory(const run::Context& context) {
  if (!context.config.recover.scratch_directory.empty()) {
    util::make_private_directories(context.config.recover.scratch_directory);
    return context.config.recover.scratch_directory;
  }
  return context.environment.get("TMPDIR").value_or("/var/tmp");
}

void require_space(const std::filesystem::path& directory, std::uint64_t needed) {
  const auto space = util::file_system_space(directory);
  if (space.available >= needed) return;
  throw Error{ErrorKind::refused,
              fmt::format("the scratch directory {} has {} free, the dump as stored and "
                          "decompressed needs {}",
                          util::quoted(directory.string()), util::format_size(space.available),
                          util::format_size(needed)),
              "free space there, or set recover.scratch_directory to a larger file system"};
}

}  // namespace bkp::recover
