#include "exports/file_restore.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "exports/files.hpp"
#include "exports/secrets.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

std::optional<Entry> live_file(const std::string& section, const std::string& path) {
  try {
    return read_file_entry(path, section);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return std::nullopt;
    throw;
  }
}

/// The line of `text` that has what stands before and behind the mark in `line`.
std::optional<std::string> line_like(std::string_view line, std::string_view text) {
  const auto mark = line.find(redacted);
  const auto before = line.substr(0, mark);
  const auto behind = line.substr(mark + redacted.size());
  std::optional<std::string> found;
  for (const auto candidate : util::split_lines(text)) {
    const bool fits = candidate.size() >= before.size() + behind.size() &&
                      candidate.starts_with(before) && candidate.ends_with(behind);
    if (!fits) continue;
    if (found) return std::nullopt;  // which of the two?
    found = std::string{candidate};
  }
  return found;
}

std::string filled(const Entry& exported, const std::optional<Entry>& live) {
  if (exported.contents.find(redacted) == std::string::npos) return exported.contents;
  std::string text;
  int number = 0;
  for (const auto line : util::split_lines(exported.contents)) {
    ++number;
    const auto mark = line.find(redacted);
    if (mark == line.npos) {
      text += line;
    } else {
      const bool once = line.find(redacted, mark + 1) == line.npos;
      const auto secret = once && live ? line_like(line, live->contents) : std::nullopt;
      if (!secret) {
        throw Error{ErrorKind::refused,
                    fmt::format("{}, line {}: its secret was not exported, and is not in the file "
                                "on this host",
                                util::quoted(exported.origin), number),
                    "leave the section out, and write the file by hand: `bkp cat` shows the "
                    "export"};
      }
      text += *secret;
    }
    text += '\n';
  }
  if (!exported.contents.ends_with('\n')) text.pop_back();
  return text;
}

/// Where the file is itself, when a link leads to it.
std::filesystem::path target_of(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::is_symlink(path, unknown) ? std::filesystem::canonical(path)
                                                    : std::filesystem::path{path};
}

/// For root; where the names are not known here the file stays root's.
void give_to(const std::filesystem::path& path, const Entry& entry) {
  if (::geteuid() != 0 || entry.owner.empty()) return;
  const auto* const user = ::getpwnam(entry.owner.c_str());
  const auto* const group = ::getgrnam(entry.group.c_str());
  if (user == nullptr || group == nullptr) return;
  if (::lchown(path.c_str(), user->pw_uid, group->gr_gid) != 0) {
    throw Error::from_errno(ErrorKind::store,
                            fmt::format("{} cannot be given to {}", util::quoted(path.string()),
                                        util::quoted(entry.owner)),
                            errno);
  }
}

void require_done(const std::error_code& error, const std::filesystem::path& path,
                  std::string_view what) {
  if (!error) return;
  throw Error{
      ErrorKind::store,
      fmt::format("{} {}: {}", util::quoted(path.string()), what, error.message()),
      fmt::format("nothing was restored; let user {} write there, and see what is in the way",
                  util::user_name())};
}

void put(const std::filesystem::path& path, const Entry& entry) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  require_done(error, path.parent_path(), "cannot be made");
  // Never for a moment in the hands of those it is not for.
  util::write_file_atomically(path, entry.contents, entry.mode & 0700U);
  give_to(path, entry);
  std::filesystem::permissions(path, static_cast<std::filesystem::perms>(entry.mode), error);
  require_done(error, path, "cannot get its mode");
}

bool is_same(const Entry& one, const Entry& other) {
  return one.contents == other.contents && one.mode == other.mode && one.owner == other.owner &&
         one.group == other.group;
}

}  // namespace

std::optional<FilePlan> plan_file(const std::string& section, const Entry& exported) {
  FilePlan plan{section, exported, live_file(section, exported.origin)};
  plan.wanted.contents = filled(exported, plan.live);
  if (exported.owner.empty() && plan.live) {
    // It was read through the server, which does not tell.
    plan.wanted.mode = plan.live->mode;
    plan.wanted.owner = plan.live->owner;
    plan.wanted.group = plan.live->group;
  }
  if (plan.live && is_same(*plan.live, plan.wanted)) return std::nullopt;
  return plan;
}

void FileRestore::write(const FilePlan& plan) {
  m_written.push_back(plan);
  try {
    replace(plan);
  } catch (...) {
    undo();
    throw;
  }
}

void FileRestore::replace(const FilePlan& plan) {
  const auto& origin = plan.wanted.origin;
  const auto now = live_file(plan.section, origin);
  if (now.has_value() != plan.live.has_value() || (now && !is_same(*now, *plan.live))) {
    m_written.pop_back();
    throw Error{ErrorKind::refused,
                fmt::format("{} has changed since the plan was made", util::quoted(origin)),
                "nothing was restored; run it again, and look at the plan"};
  }
  if (now) {
    const auto kept = m_saved / std::filesystem::path{origin}.relative_path();
    util::make_private_directories(kept.parent_path());
    util::write_file_atomically(kept, now->contents);
  }
  put(target_of(origin), plan.wanted);
}

void FileRestore::undo() noexcept {
  for (; !m_written.empty(); m_written.pop_back()) {
    const auto& plan = m_written.back();
    try {
      if (plan.live) {
        put(target_of(plan.wanted.origin), *plan.live);
      } else {
        std::filesystem::remove(plan.wanted.origin);
      }
    } catch (...) {
      // What was there is in `saved`.
    }
  }
}

}  // namespace bkp::exports
