#include "exports/file_restore.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "exports/entry_writer.hpp"
#include "exports/files.hpp"
#include "exports/secrets.hpp"
#include "util/error.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using util::Error;
using util::ErrorKind;

namespace {

std::optional<Entry> live_entry(const std::string& section, const Entry& exported) {
  try {
    if (exported.type == EntryType::directory)
      return read_directory_entry(exported.origin, section, Links::refuse);
    return read_file_entry(exported.origin, section, Links::refuse);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return std::nullopt;
    throw;
  }
}

/// The lines of a text in which something is redacted, with what stood there, in their order.
std::map<std::string, std::vector<std::string>> redacted_lines(std::string_view text) {
  std::map<std::string, std::vector<std::string>> lines;
  for (auto& [masked, original] : redact_lines(text)) {
    if (masked != original) lines[masked].push_back(std::move(original));
  }
  return lines;
}

/// Its lines; only "\n" ends one.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string filled(const Entry& exported, const std::optional<Entry>& live) {
  if (exported.contents.find(redacted) == std::string::npos) return exported.contents;
  const auto known = redacted_lines(live ? std::string_view{live->contents} : std::string_view{});
  auto lines = lines_of(exported.contents);
  std::map<std::string, std::size_t> wanted;
  for (const auto& line : lines) {
    if (line.find(redacted) != std::string::npos) ++wanted[line];
  }
  std::map<std::string, std::size_t> used;
  int number = 0;
  for (auto& line : lines) {
    ++number;
    const auto count = wanted.find(line);
    if (count == wanted.end()) continue;
    const auto found = known.find(line);
    // Of several that look alike, all must be there: else which is which?
    if (found == known.end() || found->second.size() != count->second) {
      throw Error{ErrorKind::refused,
                  fmt::format("{}, line {}: its secret was not exported, and is not in the file "
                              "on this host",
                              util::quoted(exported.origin), number),
                  "leave the section out, and write the file by hand: `bkp cat` shows the export"};
    }
    line = found->second[used[line]++];
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

/// What others own stays theirs.
void require_owner(const Entry& live) {
  if (::geteuid() == 0 || live.owner == util::user_name()) return;
  throw Error{ErrorKind::refused,
              fmt::format("{} belongs to {}: user {} would take it over", util::quoted(live.origin),
                          live.owner, util::user_name()),
              "run it as root, or leave the section out"};
}

bool is_same(const Entry& one, const Entry& other) {
  return one.contents == other.contents && one.mode == other.mode && one.owner == other.owner &&
         one.group == other.group;
}

}  // namespace

std::optional<FilePlan> plan_file(const Section& section, const Entry& exported) {
  FilePlan plan{section.name, exported, live_entry(section.name, exported)};
  if (exported.type == EntryType::directory && plan.live) return std::nullopt;
  if (section.secret == config::SecretMode::redact)
    plan.wanted.contents = filled(exported, plan.live);
  // Only root can give files away.
  if (::geteuid() != 0) {
    plan.wanted.owner = plan.live ? plan.live->owner : util::user_name();
    plan.wanted.group = plan.live ? plan.live->group : "";
  }
  if (plan.live && is_same(*plan.live, plan.wanted)) return std::nullopt;
  if (plan.live) require_owner(*plan.live);
  return plan;
}

void FileRestore::write(const FilePlan& plan) {
  const auto now = live_entry(plan.section, plan.wanted);
  if (now.has_value() != plan.live.has_value() || (now && !is_same(*now, *plan.live))) {
    throw Error{
        ErrorKind::refused,
        fmt::format("{} has changed since the plan was made", util::quoted(plan.wanted.origin)),
        "nothing was restored; run it again, and look at the plan"};
  }
  m_journal.note(plan.wanted, now ? &*now : nullptr);
  write_entry(plan.wanted);
  m_written.push_back(plan);
}

bool FileRestore::undo() noexcept {
  bool all = true;
  for (; !m_written.empty(); m_written.pop_back()) {
    const auto& plan = m_written.back();
    try {
      if (plan.live) {
        write_entry(*plan.live);
      } else {
        remove_entry(plan.wanted.origin);
      }
    } catch (...) {
      all = false;  // what was there is kept beside the journal
    }
  }
  return all;
}

}  // namespace bkp::exports
