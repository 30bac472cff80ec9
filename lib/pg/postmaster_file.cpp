#include "pg/postmaster_file.hpp"

#include <sys/stat.h>
#include <cstdlib>
#include <string>

#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::pg {

bool PostmasterFile::is_alive_in(const std::filesystem::path& data_directory) const {
  const auto process = std::filesystem::path{"/proc"} / std::to_string(pid);
  struct stat theirs {};
  struct stat files {};
  // A server is of the user that its files are of, and works in its data directory, which not
  // everybody is told.
  if (::stat(process.c_str(), &theirs) != 0) return false;
  if (::stat(data_directory.c_str(), &files) == 0 && theirs.st_uid != files.st_uid) return false;
  std::error_code unknown;
  const auto place = std::filesystem::read_symlink(process / "cwd", unknown);
  return unknown || std::filesystem::equivalent(place, data_directory, unknown) || unknown;
}

std::optional<PostmasterFile> read_postmaster_file(const std::filesystem::path& data_directory) {
  constexpr std::size_t line_of_time = 2;
  constexpr std::size_t longest = 4096;
  const auto text = util::read_file(data_directory / "postmaster.pid", longest);
  if (!text) return std::nullopt;
  const auto lines = util::split_lines(*text);
  if (lines.size() <= line_of_time) return std::nullopt;
  const auto number = [&](std::size_t line) {
    return std::strtoll(std::string{lines[line]}.c_str(), nullptr, 10);
  };
  const PostmasterFile file{static_cast<pid_t>(number(0)), number(line_of_time)};
  return file.pid > 1 ? std::optional{file} : std::nullopt;
}

}  // namespace bkp::pg
