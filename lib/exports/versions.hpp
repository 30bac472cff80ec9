#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backup/source.hpp"
#include "catalog/records.hpp"
#include "exports/contents.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"

namespace bkp::exports {

/// The exports of the site, newest first, from the catalog or, when that is down, from the stores.
std::vector<catalog::BackupRecord> list_exports(run::Context& context);

/// The one a user names (backup::select_backup()). Throws Error{not_found}; Error{refused} for one
/// that is not good.
const catalog::BackupRecord& select_export(const std::vector<catalog::BackupRecord>& newest_first,
                                           std::string_view name);

/// Reads the one that was opened. Throws Error{damaged}, Error{key}, and what stores throw.
Contents read_export(const backup::Source& source);

/// Reads it from the first store whose copy proves good. Throws Error{damaged}, Error{key}, and
/// what stores throw.
Contents open_export(run::Context& context, const catalog::BackupRecord& record,
                     const run::ReadingKeys& keys);

/// What this host knows of the last export it took, in its state directory: the digest of what was
/// in it is nowhere else.
struct LastExport {
  std::string label;
  int version = 0;
  std::string digest;  ///< see digest_of()
};
/// What cannot be read is nullopt.
std::optional<LastExport> read_last_export(const config::Config& config);
/// Throws Error{store}.
void write_last_export(const config::Config& config, const LastExport& last);

/// Of the contents and of those for whom they are sealed: with other keys the same is another.
std::string digest_of(const Contents& contents, const config::Config& config);

/// Whether a store has the manifest and every part of a backup, in its size.
bool is_whole_on(const run::NamedStore& store, const std::string& site, const std::string& label);

/// The last export, when it is what the contents of that digest would be stored as: the same, good,
/// and still there, all of it, on each of `stores`.
std::optional<catalog::BackupRecord> same_as_last(const std::vector<catalog::BackupRecord>& exports,
                                                  const std::optional<LastExport>& last,
                                                  const std::string& digest,
                                                  const std::string& site,
                                                  const std::vector<run::NamedStore>& stores);

/// The version of the next one.
int next_version(const std::vector<catalog::BackupRecord>& exports,
                 const std::optional<LastExport>& last);

}  // namespace bkp::exports
