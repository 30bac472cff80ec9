#include "util/programs.hpp"

#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace bkp::util {

namespace fs = std::filesystem;

bool is_program(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<fs::path> programs_in_path(const std::string& name, const Environment& environment) {
  std::vector<fs::path> programs;
  const std::string search = environment.search_path();
  for (std::size_t begin = 0; begin <= search.size();) {
    const std::size_t end = std::min(search.find(':', begin), search.size());
    const fs::path directory = search.substr(begin, end - begin);
    if (directory.is_absolute() && is_program(directory / name)) {
      programs.push_back(directory / name);
    }
    begin = end + 1;
  }
  return programs;
}

}  // namespace bkp::util
