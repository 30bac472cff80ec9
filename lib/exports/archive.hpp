#pragma once

#include <string>
#include <string_view>

#include "exports/contents.hpp"
#include "stream/sink.hpp"

namespace bkp::exports {

/// The archive's first entry, which says what the others are: {"format": "bkp-config-export",
/// "format_version": 1, "version", "site", "host", "bkp_version", "catalog_version",
/// "server_version", "collected_at", "sha256", "sections": [{"name", "kind", "secret", "sha256",
/// "error", "notes", "entries": [{"path", "type", "sha256", "bytes"; of a file or directory also
/// "origin", "mode", "owner", "group", "modified"}]}]}. Readers refuse a newer format_version and
/// ignore unknown keys.
std::string manifest_text(const Contents& contents);

/// Writes the archive (POSIX tar); does not finish the sink.
void write_archive(const Contents& contents, stream::Sink& sink);

/// Reads one from memory. Throws Error{damaged} for what is none, and where an entry is not what
/// the manifest says.
Contents read_archive(std::string_view tar);

}  // namespace bkp::exports
