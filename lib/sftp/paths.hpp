#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sftp/error.hpp"
#include "sftp/session.hpp"

namespace bkp::sftp {

/// Makes the directory `path`, each directory on its way that is missing too, as far as `root`,
/// which must be there already: a store whose file system is not mounted must not be made anew
/// below the mount point. `root` empty: from the root directory on. Throws the operation's Error
/// when something is in the way or the root is gone; Refusal, what Session throws.
void make_directories(Session& session, std::string_view root, const std::string& path,
                      const Operation& operation);

/// Removes the directory `path` and its parents, as far as they are empty, up to `root`, which
/// stays.
void remove_empty_directories(Session& session, std::string_view root, std::string path);

/// Shows `visit` all entries below `root`/`prefix` whose path is a valid key, or would be but for
/// unfinished_prefix, and their key; a directory after what is in it, and not what is in an
/// unfinished one. Without what is passed over.
void walk(Session& session, const std::string& root, const std::string& prefix,
          const store::KeyTest& pass_over,
          const std::function<void(const std::string& key, const Entry& entry)>& visit);

}  // namespace bkp::sftp
