#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bkp::physical {

enum class Fork { main, fsm, vm, init };

/// A file of a relation: one of its forks, or a segment of it (RELSEG_SIZE pages, 1 GiB).
struct RelationFile {
  std::string directory;       ///< "base/5", "global", "pg_tblspc/16400/PG_15_202209061/5"
  std::uint64_t relation = 0;  ///< relfilenode
  Fork fork = Fork::main;
  std::uint32_t segment = 0;
  bool temporary = false;  ///< of a session: "t3_16384"
  bool operator==(const RelationFile&) const = default;
};

/// From a path below the data directory; nullopt for what is no relation's file. Names are those of
/// PostgreSQL's src/common/relpath.c (GetRelationPath) and src/backend/storage/smgr/md.c
/// (_mdfd_segpath).
std::optional<RelationFile> parse_relation_file(std::string_view path);

/// What a base backup leaves out, since the server makes it anew or must not find it: the rules of
/// PostgreSQL's src/backend/backup/basebackup.c (excludeDirContents, excludeFiles, sendDir), and
/// what an earlier recovery left. Paths are below the data directory.
/// A directory whose contents are left out; it itself is in the backup, empty.
bool is_emptied_directory(std::string_view path);
/// A file or directory that is left out altogether.
bool is_excluded(std::string_view path);

}  // namespace bkp::physical
