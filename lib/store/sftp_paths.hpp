#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "store/sftp_error.hpp"
#include "store/sftp_session.hpp"

namespace bkp::store {

/// Makes the directory `path`, each directory on its way that is missing too, as far as `root`,
/// which must be there already: a store whose file system is not mounted must not be made anew
/// below the mount point. `root` empty: from the root directory on. Throws the operation's Error
/// when something is in the way or the root is gone; SftpRefusal, what SftpSession throws.
void make_directories(SftpSession& session, std::string_view root, const std::string& path,
                      const SftpOperation& operation);

/// Removes the directory `path` and its parents, as far as they are empty, up to `root`, which
/// stays.
void remove_empty_directories(SftpSession& session, std::string_view root, std::string path);

/// Shows `visit` all entries below `root`/`prefix` whose path is a valid key, or would be but for
/// unfinished_prefix, and their key; a directory after what is in it, and not what is in an
/// unfinished one.
void walk(SftpSession& session, const std::string& root, const std::string& prefix,
          const std::function<void(const std::string& key, const SftpEntry& entry)>& visit);

}  // namespace bkp::store
