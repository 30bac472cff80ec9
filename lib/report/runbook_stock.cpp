#include "report/runbook_stock.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/layout.hpp"
#include "report/command_text.hpp"
#include "report/runbook_keys.hpp"
#include "report/runbook_remote.hpp"
#include "util/text.hpp"

namespace bkp::report {

namespace {

// The values come out of a manifest, which an attacker may have written: nothing may end the list
// early.
bool is_sum(const backup::Part& part) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return part.sha256.size() == 64 && std::ranges::all_of(part.sha256, is_hex) &&
         util::printable(part.name) == part.name;
}

}  // namespace

FetchCommands parts_of(const RunbookModel& model, const RunbookBackup& backup) {
  const auto& label = backup.manifest.label;
  const auto objects = backup::Layout{model.site}.backup(label).text();
  std::vector<const RunbookStore*> stores;
  for (const auto& name : backup.stores) {
    if (const RunbookStore* store = model.store(name)) stores.push_back(store);
  }
  if (stores.size() == 1) {
    if (const auto directory = stores.front()->directory()) return {*directory + "/" + objects, {}};
  }
  FetchCommands result{model.fetch_directory + "/" + label, {}};
  for (const auto* store : stores)
    result.fetches.push_back({store->name, fetch_command(*store, objects, result.directory)});
  return result;
}

/// age reads the file, or whoever is the first to.
std::string unpack(const RunbookModel& model, const std::string& directory,
                   const backup::Part& part) {
  const auto file = shell_word(directory + "/" + part.name);
  const bool compressed = part.compression == "zstd";
  if (part.encryption == "age") {
    return fmt::format("age -d{} {}{}", identity_options(model, "-i"), file,
                       compressed ? " \\\n  | zstd -dc" : "");
  }
  return (compressed ? "zstd -dc -- " : "cat -- ") + file;
}

std::string signature_command(const RunbookModel& model, const std::string& directory) {
  const auto files = public_key_files(model);
  if (files.empty()) return {};
  const auto manifest = shell_word(directory + "/manifest.json");
  const auto check = [&](std::string_view key) {
    return fmt::format(
        "openssl pkeyutl -verify -pubin -inkey {} -rawin \\\n  -in {} \\\n  -sigfile {}", key,
        manifest, shell_word(directory + "/manifest.json.sig"));
  };
  if (files.size() == 1) return write_public_keys(model) + check(files.front());
  return fmt::format("{}for key in {}; do\n{} && break\ndone", write_public_keys(model),
                     fmt::join(files, " "), check(R"("$key")"));
}

std::string sums_command(const std::string& directory, const backup::Manifest& manifest) {
  std::string result = "cd " + shell_word(directory) + " && sha256sum -c <<'SUMS'\n";
  for (const auto& part : manifest.parts) {
    if (is_sum(part)) result += part.sha256 + "  " + part.name + "\n";
  }
  return result + "SUMS";
}

}  // namespace bkp::report
