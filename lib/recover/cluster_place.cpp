#include "recover/cluster_place.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

/// Of a cluster without tablespaces: with them it is not known beforehand how much goes where.
void require_room(const std::filesystem::path& data, std::uint64_t needed) {
  auto there = data;
  std::error_code unknown;
  while (there.has_relative_path() && !std::filesystem::exists(there, unknown))
    there = there.parent_path();
  const auto space = util::file_system_space(there);
  if (space.available >= needed) return;
  throw Error{ErrorKind::refused,
              fmt::format("the cluster has {}, and where {} will be only {} are free",
                          util::format_size(needed), util::quoted(data.string()),
                          util::format_size(space.available)),
              "make room, or name a directory on another file system"};
}

}  // namespace

std::filesystem::path ClusterPlace::of(const backup::Tablespace& tablespace) const {
  const auto moved = tablespaces.find(tablespace.path);
  return moved == tablespaces.end() ? tablespace.path : moved->second;
}

bool is_empty_or_absent(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return true;
  return std::filesystem::is_directory(path, error) && std::filesystem::is_empty(path, error) &&
         !error;
}

bool is_tablespace(std::string_view path) {
  constexpr std::string_view top = "pg_tblspc/";
  return path.starts_with(top) && path.find('/', top.size()) == path.npos;
}

std::string tablespace_map(const std::vector<backup::Tablespace>& tablespaces) {
  std::string text;
  for (const auto& tablespace : tablespaces) {
    text += fmt::format("{} ", tablespace.oid);
    for (const char c : tablespace.path) {
      if (c == '\n' || c == '\r' || c == '\\') text += '\\';
      text += c;
    }
    text += '\n';
  }
  return text;
}

void require_free(const ClusterPlace& place, const ClusterChain& chain) {
  std::error_code unknown;
  if (std::filesystem::exists(place.data / "postmaster.pid", unknown)) {
    throw Error{ErrorKind::refused,
                fmt::format("a server runs in {}, or was killed there (it has a postmaster.pid)",
                            util::quoted(place.data.string())),
                "restore into a new directory"};
  }
  if (!is_empty_or_absent(place.data)) {
    throw Error{ErrorKind::refused,
                fmt::format("{} is there and not empty", util::quoted(place.data.string())),
                "restore into a new directory, or move what is there out of the way"};
  }
  const auto& tablespaces = chain.manifest().physical->tablespaces;
  if (tablespaces.empty()) require_room(place.data, chain.cluster_bytes());
  for (const auto& tablespace : tablespaces) {
    const auto where = place.of(tablespace);
    if (is_empty_or_absent(where)) continue;
    throw Error{ErrorKind::refused,
                fmt::format("the tablespace {} would go to {}, which is there and not empty",
                            tablespace.oid, util::quoted(where.string())),
                fmt::format("name another place: --tablespace-map {}=DIRECTORY",
                            util::shell_quoted(tablespace.path))};
  }
}

}  // namespace bkp::recover
