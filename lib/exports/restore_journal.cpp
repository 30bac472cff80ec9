#include "exports/restore_journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "exports/entry_writer.hpp"
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

Entry entry_from(const json& from, const std::filesystem::path& directory) {
  Entry entry;
  entry.origin = from.at("path").get<std::string>();
  entry.type = EntryType::file;
  entry.mode = from.at("mode").get<unsigned>();
  entry.owner = from.at("owner").get<std::string>();
  entry.group = from.at("group").get<std::string>();
  entry.contents = util::read_file(kept_as(directory, entry.origin), largest_export).value_or("");
  return entry;
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
      restore.committing = true;
    } else if (object.at("mode").is_null()) {
      restore.created.emplace_back(object.at("path").get<std::string>());
    } else {
      restore.replaced.push_back(entry_from(object, directory));
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

void RestoreJournal::note(const std::filesystem::path& path, const Entry* before) {
  json line{{"path", path.string()}, {"mode", nullptr}};
  if (before != nullptr) {
    const auto kept = kept_as(m_directory, path);
    util::make_private_directories(kept.parent_path());
    util::write_file_atomically(kept, before->contents);
    line["mode"] = before->mode;
    line["owner"] = before->owner;
    line["group"] = before->group;
  }
  append(line.dump(-1, ' ', false, json::error_handler_t::replace));
}

void RestoreJournal::commit() {
  append(R"({"committing": true})");
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

void take_back(const UnfinishedRestore& restore) {
  if (!restore.committing) {
    for (auto entry = restore.replaced.rbegin(); entry != restore.replaced.rend(); ++entry)
      write_entry(*entry);
    for (auto path = restore.created.rbegin(); path != restore.created.rend(); ++path)
      remove_entry(*path);
  }
  RestoreJournal{restore.directory}.close();
}

}  // namespace bkp::exports
