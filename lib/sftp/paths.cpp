#include "sftp/paths.hpp"

#include "sftp/error.hpp"
#include "store/key.hpp"

namespace bkp::sftp {

namespace {

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

}  // namespace

void make_directories(Session& session, std::string_view root, const std::string& path,
                      const Operation& operation) {
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
    } catch (const Refusal& refusal) {
      if (refusal.is_absence() && attempt < most_attempts) {
        make_directories(session, root, parent_of(path), operation);
        continue;
      }
      const auto found = session.status(path, Session::Links::followed);
      if (found && found->type == FileType::directory) return;
      if (found) {
        throw operation.failed("a part of its path is no directory",
                               "remove or rename on the server what is in the way");
      }
      if (attempt == most_attempts) throw;
    }
  }
}

void remove_empty_directories(Session& session, std::string_view root, std::string path) {
  while (path.size() > root.size() && session.remove_directory(path)) path = parent_of(path);
}

void walk(Session& session, const std::string& root, const std::string& prefix,
          const store::KeyTest& pass_over,
          const std::function<void(const std::string& key, const Entry& entry)>& visit) {
  auto entries = session.entries(root + "/" + prefix);
  if (!entries) return;
  for (const Entry& entry : *entries) {
    const std::string key = prefix + "/" + entry.name;
    const bool unfinished = entry.name.starts_with(store::unfinished_prefix);
    if (pass_over(key) || (!unfinished && !store::Key::is_valid(key))) continue;
    if (entry.status.type == FileType::directory) {
      if (unfinished) continue;
      walk(session, root, key, pass_over, visit);
    }
    visit(key, entry);
  }
}

}  // namespace bkp::sftp
