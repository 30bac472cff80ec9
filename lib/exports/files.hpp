#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/exports.hpp"
#include "exports/contents.hpp"

namespace bkp::exports {

/// What is done with a link, as which a path may turn out or through which it may lead.
enum class Links {
  follow,  ///< the entry is of what it leads to, under that path
  refuse,  ///< Error{refused}
};

/// A file of this host as it is now, with mode, owner and time; `section` is the one it becomes an
/// entry of. One that changes while it is read is read again. Throws Error{not_found} where there
/// is none, Error{store} for what cannot be read or is no regular file, and for what is larger than
/// an export.
Entry read_file_entry(const std::filesystem::path& given, std::string_view section, Links links);
/// A directory, likewise; without what is in it.
Entry read_directory_entry(const std::filesystem::path& given, std::string_view section,
                           Links links);

/// The files that the patterns of a section name, and the directories these are in, sorted by path.
/// Links are not followed but for one that is named itself, which stands for what it leads to;
/// other links, sockets and pipes are passed over, as the notes say. Throws as read_file_entry(),
/// and for a directory that cannot be read.
std::vector<Entry> read_files(const config::ExportSection& section,
                              std::vector<std::string>& notes);

/// Where an entry of that origin stands in the archive.
std::string path_of_file(std::string_view section, const std::filesystem::path& origin);

}  // namespace bkp::exports
