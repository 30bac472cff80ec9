#include "recover/reused_directory.hpp"

#include <csignal>
#include <cstdlib>

#include <fmt/format.h>

#include "pg/control_file.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::recover {

namespace fs = std::filesystem;
using util::Error;
using util::ErrorKind;

namespace {

Error refused(const ClusterPlace& place, std::string_view why, std::string hint) {
  return {ErrorKind::refused, fmt::format("{} {}", util::quoted(place.data.string()), why),
          std::move(hint)};
}

/// What a server that was killed leaves names a process that is gone.
void require_no_server(const ClusterPlace& place) {
  const auto text = util::read_file(place.data / "postmaster.pid", 4096);
  // A server in single-user mode writes it negated: src/backend/utils/init/miscinit.c.
  const int pid = text ? std::abs(std::atoi(text->c_str())) : 0;
  if (pid <= 1 || (::kill(pid, 0) != 0 && errno == ESRCH)) return;
  throw refused(place, fmt::format("has a server that runs, process {}", pid),
                "stop it first (`pg_ctl stop`), or restore into another directory");
}

std::string identifier_in(const fs::path& data) {
  if (auto text = util::read_file(data / restore_marker, 64)) return std::move(*text);
  for (const auto* name : {control_file, unfinished_control_file}) {
    const auto text = util::read_file(data / name, 1U << 16U);
    if (!text) continue;
    return std::to_string(
        pg::parse_control_file(std::as_bytes(std::span{*text})).system_identifier);
  }
  return {};
}

void require_same_cluster(const ClusterPlace& place, const ClusterChain& chain) {
  std::string found;
  try {
    found = identifier_in(place.data);
  } catch (const Error& error) {
    // Of a damaged pg_control nothing can be told, and it may be what is to be mended.
    if (error.kind() != ErrorKind::damaged) throw;
    throw refused(place, "cannot be told to be of this cluster: " + error.message(),
                  "restore into another directory");
  }
  if (found.empty()) {
    throw refused(place, "is there, and is no data directory",
                  "--delta is for a directory that holds a copy of the cluster; restore into a new "
                  "one without it");
  }
  if (found != chain.manifest().system_identifier) {
    throw refused(place,
                  fmt::format("is of another cluster: its system identifier is {}, the backup's {}",
                              found, chain.manifest().system_identifier),
                  "restore into another directory");
  }
}

/// A tablespace's directory may hold those of servers of other versions too: they stay.
void remove_below(const fs::path& directory, const std::string& name,
                  const std::set<std::string>& kept) {
  std::vector<fs::directory_entry> entries;
  for (const auto& entry : fs::directory_iterator{directory}) entries.push_back(entry);
  for (const auto& entry : entries) {
    const auto path = name + entry.path().filename().string();
    const bool descend = fs::is_directory(entry.symlink_status()) || is_tablespace(path);
    if (!kept.contains(path)) {
      if (name.empty() || !is_tablespace(name.substr(0, name.size() - 1)))
        fs::remove_all(entry.path());
    } else if (descend) {
      remove_below(entry.path(), path + "/", kept);
    }
  }
}

/// One that another copy of the cluster uses must not be touched.
void require_own_tablespaces(const ClusterPlace& place, const ClusterChain& chain) {
  for (const auto& tablespace : chain.manifest().physical->tablespaces) {
    const auto where = place.of(tablespace);
    std::error_code error;
    const auto link =
        fs::read_symlink(place.data / "pg_tblspc" / std::to_string(tablespace.oid), error);
    if (is_empty_or_absent(where) || (!error && fs::equivalent(link, where, error))) continue;
    throw Error{ErrorKind::refused,
                fmt::format("the tablespace {} would go to {}, which is there and not this "
                            "directory's own",
                            tablespace.oid, util::quoted(where.string())),
                fmt::format("name another place: --tablespace-map {}=DIRECTORY",
                            util::shell_quoted(tablespace.path))};
  }
}

}  // namespace

bool require_reusable(const ClusterPlace& place, const ClusterChain& chain) {
  if (is_empty_or_absent(place.data)) {
    require_free(place, chain);
    return false;
  }
  require_no_server(place);
  require_same_cluster(place, chain);
  std::error_code error;
  if (fs::is_symlink(place.data / "pg_wal", error)) {
    throw refused(place, "has a link in the place of pg_wal",
                  "put an empty directory there, or restore into a new directory");
  }
  require_own_tablespaces(place, chain);
  return true;
}

void begin_reuse(const ClusterPlace& place) {
  try {
    if (fs::exists(place.data / control_file))
      fs::rename(place.data / control_file, place.data / unfinished_control_file);
    try {
      // One may have been started while the question was answered; from here on none can be.
      require_no_server(place);
    } catch (...) {
      fs::rename(place.data / unfinished_control_file, place.data / control_file);
      throw;
    }
    util::sync_directory(place.data / "global");
    if (!fs::exists(place.data / "pg_tblspc")) return;
    for (const auto& entry : fs::directory_iterator{place.data / "pg_tblspc"}) {
      if (entry.is_symlink()) fs::remove(entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    throw refused(place, fmt::format("cannot be changed: {}", error.what()),
                  "run it as the user that the server runs as");
  }
}

void remove_others(const ClusterPlace& place, const std::set<std::string>& kept) {
  try {
    remove_below(place.data, "", kept);
  } catch (const fs::filesystem_error& error) {
    throw refused(place, fmt::format("has files that cannot be removed: {}", error.what()),
                  "run it as the user that the server runs as");
  }
}

}  // namespace bkp::recover
