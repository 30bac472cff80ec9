#include "store/sftp_paths.hpp"

#include "store/key.hpp"
#include "store/sftp_error.hpp"

namespace bkp::store {

namespace {

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

}  // namespace

void make_directories(SftpSession& session, std::string_view root, const std::string& path,
                      const SftpOperation& operation) {
  if (path == root || path.empty()) {
    throw operation.failed("the directory of the store is gone on the server",
                           "is its file system mounted there?");
  }
  // Others may remove a directory that they find empty between our finding it and our next step.
  constexpr int most_attempts = 20;
  for (int attempt = 1;; ++attempt) {
    try {
      session.make_directory(path);
      return;
    } catch (const SftpRefusal& refusal) {
      if (refusal.is_absence() && attempt < most_attempts) {
        make_directories(session, root, parent_of(path), operation);
        continue;
      }
      const auto found = session.status(path, SftpSession::Links::followed);
      if (found && found->type == SftpFileType::directory) return;
      if (found) {
        throw operation.failed("a part of its path is no directory",
                               "remove or rename on the server what is in the way");
      }
      if (attempt == most_attempts) throw;
    }
  }
}

void remove_empty_directories(SftpSession& session, std::string_view root, std::string path) {
  while (path.size() > root.size() && session.remove_directory(path)) path = parent_of(path);
}

void walk(SftpSession& session, const std::string& root, const std::string& prefix,
          const std::function<void(const std::string& key, const SftpEntry& entry)>& visit) {
  auto entries = session.entries(root + "/" + prefix);
  if (!entries) return;
  for (const SftpEntry& entry : *entries) {
    const std::string key = prefix + "/" + entry.name;
    const bool unfinished = entry.name.starts_with(unfinished_prefix);
    if (!unfinished && !Key::is_valid(key)) continue;
    if (entry.status.type == SftpFileType::directory) {
      if (unfinished) continue;
      walk(session, root, key, visit);
    }
    visit(key, entry);
  }
}

}  // namespace bkp::store
