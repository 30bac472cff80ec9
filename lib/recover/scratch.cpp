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
    in_scratch([&] { util::make_private_directories(context.config.recover.scratch_directory); });
    return context.config.recover.scratch_directory;
  }
  return context.environment.get("TMPDIR").value_or("/var/tmp");
}

util::Fd open_scratch_file(const std::filesystem::path& directory) {
  return in_scratch([&] { return util::open_unnamed_file(directory); });
}

void require_space(const std::filesystem::path& directory, std::uint64_t needed) {
  const auto space = in_scratch([&] { return util::file_system_space(directory); });
  if (space.available >= needed) return;
  throw Error{ErrorKind::refused,
              fmt::format("the scratch directory {} has {} free, the dump as stored and "
                          "decompressed needs {}",
                          util::quoted(directory.string()), util::format_size(space.available),
                          util::format_size(needed)),
              "free space there, or set recover.scratch_directory to a larger file system"};
}

util::Error scratch_error(const util::Error& error) {
  if (error.kind() != ErrorKind::store) return error;
  Error result{ErrorKind::refused, error.message(),
               "the scratch directory needs space for the dump and must be writable; "
               "recover.scratch_directory sets another"};
  for (const auto& context : error.context()) result.add_context(context);
  return result;
}

}  // namespace bkp::recover
