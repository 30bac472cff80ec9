#include "exports/restore_journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "exports/entry_writer.hpp"
#include "exports/files.hpp"
#include "run/state.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr auto journal_name = "journal";

std::filesystem::path kept_as(const std::filesystem::path& directory,
                              const std::filesystem::path& path) {
  return directory / "files" / path.relative_path();
}

UnfinishedRestore::Written written_from(const json& from) {
  UnfinishedRestore::Written written;
  auto& before = written.before;
  before.origin = from.at("path").get<std::string>();
  before.type = EntryType::file;
  written.was_there = !from.at("mode").is_null();
  written.written = from.at("sha256").get<std::string>();
  if (!written.was_there) return written;
  before.mode = from.at("mode").get<unsigned>();
  before.owner = from.at("owner").get<std::string>();
  before.group = from.at("group").get<std::string>();
  return written;
}

/// Whether it is still what the restore has written; a directory is, if it is there.
bool is_as_written(const UnfinishedRestore::Written& written) {
  std::error_code unknown;
  if (std::filesystem::is_directory(written.before.origin, unknown)) return true;
  try {
    return read_file_entry(written.before.origin, "", Links::refuse).digest() == written.written;
  } catch (const Error&) {
    return false;
  }
}

/// nullopt for one that came to its end, or that somebody is at. The last line may be cut.
std::optional<UnfinishedRestore> read_unfinished(const std::filesystem::path& directory) {
  const auto path = directory / journal_name;
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) return std::nullopt;
  const auto file = util::open_file(path, O_RDWR | O_NOFOLLOW);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  UnfinishedRestore restore;
  restore.directory = directory;
  const auto text = util::read_file(path);
  if (!text) return std::nullopt;
  for (const auto line : util::split_lines(*text)) {
    const auto object = json::parse(line, nullptr, false);
    if (!object.is_object()) break;
    if (object.contains("done")) return std::nullopt;
    if (object.contains("committing")) {
      restore.committing = object.at("committing").get<bool>();
    } else {
      restore.files.push_back(written_from(object));
    }
  }
  return restore;
}

}  // namespace

RestoreJournal::RestoreJournal(std::filesystem::path directory)
    : m_directory{std::move(directory)} {
  util::make_private_directories(m_directory);
  m_file = util::open_file(m_directory / journal_name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
  ::flock(m_file.get(), LOCK_EX | LOCK_NB);
}

RestoreJournal::~RestoreJournal() = default;

void RestoreJournal::note(const Entry& wanted, const Entry* before) {
  json line{{"path", wanted.origin}, {"mode", nullptr}, {"sha256", wanted.digest()}};
  if (before != nullptr) {
    const auto kept = kept_as(m_directory, wanted.origin);
    util::make_private_directories(kept.parent_path());
    util::write_file_atomically(kept, before->contents);
    line["mode"] = before->mode;
    line["owner"] = before->owner;
    line["group"] = before->group;
  }
  append(line.dump(-1, ' ', false, json::error_handler_t::replace));
}

void RestoreJournal::set_committing(bool committing) {
  append(json{{"committing", committing}}.dump());
}

void RestoreJournal::close() {
  append(R"({"done": true})");
}

void RestoreJournal::append(const std::string& line) {
  const auto text = line + "\n";
  const auto path = (m_directory / journal_name).string();
  if (::write(m_file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fdatasync(m_file.get()) != 0) {
    throw Error::from_errno(ErrorKind::store,
                            fmt::format("{} cannot be written", util::quoted(path)), errno);
  }
}

std::vector<UnfinishedRestore> find_unfinished(const config::Config& config) {
  std::vector<UnfinishedRestore> found;
  std::error_code unknown;
  for (const auto& entry :
       std::filesystem::directory_iterator{run::state_path(config, "replaced"), unknown}) {
    try {
      if (auto restore = read_unfinished(entry.path())) found.push_back(std::move(*restore));
    } catch (const json::exception&) {
    } catch (const Error&) {
    }
  }
  std::ranges::sort(found, {}, &UnfinishedRestore::directory);
  return found;
}

std::vector<std::string> take_back(const UnfinishedRestore& restore) {
  std::vector<std::string> taken;
  for (auto written = restore.files.rbegin(); written != restore.files.rend(); ++written) {
    if (restore.committing || !is_as_written(*written)) continue;
    auto before = written->before;
    if (!written->was_there) {
      remove_entry(before.origin);
    } else if (auto kept =
                   util::read_file(kept_as(restore.directory, before.origin), largest_export)) {
      before.contents = std::move(*kept);
      write_entry(before);
    } else {
      continue;
    }
    taken.push_back(before.origin);
  }
  RestoreJournal{restore.directory}.close();
  return taken;
}

}  // namespace bkp::exports
