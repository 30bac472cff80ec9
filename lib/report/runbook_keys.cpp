#include "report/runbook_keys.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "report/command_text.hpp"
#include "util/text.hpp"

namespace bkp::report {

namespace {

/// Goes on with the next line only when it could.
std::string write_public_key(const std::string& place, const std::string& pem) {
  return fmt::format("cat > {} <<'PUBLIC_KEY' &&\n{}PUBLIC_KEY\n", place, pem);
}

}  // namespace

std::string identity_options(const RunbookModel& model, std::string_view option) {
  std::string result;
  for (const auto& file : model.identity_files)
    result += fmt::format(" {} {}", option, shell_word(file));
  return result;
}

std::string with_identity(const RunbookModel& model, const RunbookBackup& backup) {
  if (!backup.manifest.sealed() || model.identity_configured) return {};
  return " \\\n " + identity_options(model, "--identity");
}

std::string with_identity_of_site(const RunbookModel& model) {
  if (!model.seals || model.identity_configured) return {};
  return " \\\n " + identity_options(model, "--identity");
}

std::vector<std::string> public_key_files(const RunbookModel& model) {
  std::vector<std::string> result;
  for (std::size_t i = 1; i <= model.public_keys.size(); ++i)
    result.push_back(fmt::format("~/bkp-signing-{}.pub", i));
  return result;
}

std::string write_public_keys(const RunbookModel& model) {
  std::string result;
  const auto files = public_key_files(model);
  for (std::size_t i = 0; i < files.size(); ++i)
    result += write_public_key(files[i], model.public_keys[i].pem);
  return result;
}

std::string install_public_keys(const RunbookModel& model) {
  std::string result;
  for (const auto& [file, pem] : model.public_keys) {
    result += fmt::format("mkdir -p -- {} &&\n{}", shell_word(file.parent_path().string()),
                          write_public_key(shell_word(file.string()), pem));
  }
  return result.empty() ? result : result + "true";
}

std::string encryption_text(const RunbookModel& model) {
  std::map<std::vector<std::string>, std::vector<std::string>> databases;  // by recipients
  for (const auto& database : model.databases) {
    if (database.newest) databases[database.newest->manifest.recipients].push_back(database.name);
  }
  const auto open = databases.find({});
  const bool any_open = open != databases.end();
  if (any_open) databases.erase(open);
  const auto older = model.older_recipients.empty()
                         ? std::string{}
                         : fmt::format(" Older backups are sealed for {}: keep their identities.",
                                       fmt::join(model.older_recipients, ", "));
  if (databases.empty()) {
    return util::printable(
        fmt::format("The {}backups are not encrypted: no key is needed, and whoever reads a store "
                    "reads the data.{}",
                    older.empty() ? "" : "newest ", older));
  }
  std::string text;
  for (const auto& [recipients, names] : databases) {
    text += databases.size() == 1
                ? fmt::format("The backups are sealed (age) for {}. ", fmt::join(recipients, ", "))
                : fmt::format("The newest of {} is sealed (age) for {}. ", fmt::join(names, ", "),
                              fmt::join(recipients, ", "));
  }
  text +=
      fmt::format("Commands here expect the identity{} in {}: a file can hold several, one a line.",
                  databases.size() == 1 && older.empty() ? "" : " of each",
                  fmt::join(model.identity_files, " or "));
  if (any_open) text += " Some newest backups are not sealed.";
  return util::printable(text + older);
}

std::vector<std::string> lent_identities(const RunbookModel& model) {
  const bool named = std::ranges::any_of(
      model.files, [&](const auto& file) { return file.path == model.identity_files.front(); });
  if (model.identity_configured || !named) return {};
  return model.identity_files;
}

}  // namespace bkp::report
