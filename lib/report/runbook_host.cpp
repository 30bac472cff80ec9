#include "report/runbook_host.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "report/command_text.hpp"

namespace bkp::report {

namespace {

/// Of the stores on file systems.
std::vector<std::string> store_directories(const RunbookModel& model) {
  std::vector<std::string> result;
  for (const auto& store : model.stores) {
    if (const auto directory = store.directory()) result.push_back(*directory);
  }
  return result;
}

std::string for_each_directory(const std::vector<std::string>& directories) {
  std::string result = "for d in";
  for (const auto& directory : directories) result += " " + shell_word(directory);
  return result + "; do\n";
}

/// An existing directory may be the system's own, so it stays as it is.
std::string make_if_missing(const std::string& user) {
  return "  test -d \"$d\" || install -d -o " + shell_word(user) + " -m 0700 -- \"$d\"\n";
}

}  // namespace

std::string write_config(const RunbookModel& model) {
  if (model.config_file.empty()) return {};
  const std::string directory = std::filesystem::path{model.config_file}.parent_path().string();
  std::string text = model.config_text;
  if (!text.ends_with('\n')) text += '\n';
  std::string end = "END_OF_CONFIGURATION";
  while (text.find(end) != std::string::npos) end += '_';
  return fmt::format("mkdir -p {} && (umask 077 && cat > {}) <<'{}'\n{}{}", shell_word(directory),
                     shell_word(model.config_file), end, text, end);
}

std::string give_stores(const RunbookModel& model) {
  const auto directories = store_directories(model);
  if (directories.empty()) return {};
  const auto user = shell_word(model.os_user + ":");
  return for_each_directory(directories) + make_if_missing(model.os_user) + "  chown " + user +
         " -- \"$d\"\n  test ! -d \"$d\"/" + shell_word(model.site) + " || chown -R " + user +
         " -- \"$d\"/" + shell_word(model.site) + "\ndone";
}

std::string give_places(const RunbookModel& model) {
  if (model.config_file.empty()) return {};
  std::vector<std::string> directories{
      std::filesystem::path{model.config_file}.parent_path().string()};
  directories.insert(directories.end(), model.own_directories.begin(), model.own_directories.end());
  // What is made on the way to another would be root's.
  std::ranges::sort(directories);
  directories.erase(std::unique(directories.begin(), directories.end()), directories.end());
  const auto file = shell_word(model.config_file);
  return for_each_directory(directories) + make_if_missing(model.os_user) + "done\ntest -e " +
         file + " || install -o " + shell_word(model.os_user) + " -m 0600 /dev/null " + file;
}

}  // namespace bkp::report
