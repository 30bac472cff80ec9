#include "config/parse.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "config/rules.hpp"
#include "config/sections.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

using util::Error;
using util::ErrorKind;

std::vector<Unsupported> unsupported_keys(const std::vector<LaterKey>& later) {
  std::vector<Unsupported> result;
  for (const auto& key : later) result.push_back({key.path, key.line});
  std::ranges::stable_sort(result, {}, &Unsupported::line);
  return result;
}

Config from_document(const Document& document, const ConnectionSeams& seams) {
  const auto later = check_against_rules(document);
  const auto top = Section::top(document);
  Config config;
  config.site = read_site(top);
  config.stores = read_stores(top);
  config.databases = read_databases(top);
  config.compression = read_compression(top);
  config.encryption = read_encryption(top);
  config.signing = read_signing(top);
  config.limits = read_limits(top);
  config.full = read_full(top);
  config.incremental = read_incremental(top);
  config.wal = read_wal(top);
  config.verify = read_verify(top);
  config.recover = read_recover(top, seams.environment);
  config.objectives = read_objectives(top);
  config.status = read_status(top);
  config.schedules = read_schedules(top, config.stores);
  config.runbook = read_runbook(top);
  config.assets = read_assets(top);
  config.unsupported = unsupported_keys(later);
  // Last, because these may run a command for a secret.
  config.cluster = read_cluster(top, seams);
  config.catalog = read_catalog(top, seams);
  config.export_sections = read_export_sections(top, config.encryption);
  config.notify = read_notify(top, seams);
  return config;
}

bool holds_inline_secret(const YAML::Node& node, int depth = 0) {
  if (depth > 8) return false;  // deeper than any rule goes
  if (node.IsScalar()) return has_url_password(node.Scalar());
  const auto below = [depth](const YAML::Node& child) {
    return holds_inline_secret(child, depth + 1);
  };
  if (node.IsSequence()) return std::any_of(node.begin(), node.end(), below);
  if (!node.IsMap()) return false;
  return std::any_of(node.begin(), node.end(),
                     [&](const auto& pair) { return below(pair.second); });
}

// Whoever can write the file can have bkp run a command ({command: …}) and send backups elsewhere.
void require_trusted(const struct ::stat& status, const std::filesystem::path& file) {
  const auto name = util::quoted(file.string());
  const auto path = util::shell_quoted(file.string());
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    const auto owner = util::user_name(status.st_uid);
    throw Error{
        ErrorKind::key,
        fmt::format("the configuration {} belongs to another user, {}", name,
                    util::printable(owner)),
        fmt::format("run bkp as its owner (root: `runuser -u {} -- bkp …`), or: chown root {}",
                    owner, path)};
  }
  const bool own_group = status.st_gid == 0 || status.st_gid == ::getegid();
  if ((status.st_mode & S_IWOTH) != 0) {
    throw Error{ErrorKind::key,
                fmt::format("the configuration {} can be changed by every user", name),
                fmt::format("chmod o-w {}", path)};
  }
  if ((status.st_mode & S_IWGRP) != 0 && !own_group) {
    throw Error{ErrorKind::key,
                fmt::format("the configuration {} can be changed by another group", name),
                fmt::format("chmod g-w {}", path)};
  }
}

struct ConfigFile {
  std::string text;
  struct ::stat status {};
};

ConfigFile read_config_file(const std::filesystem::path& file) {
  ConfigFile result;
  std::optional<std::string> text;
  try {
    text = util::read_checked_file(file, 4U << 20U, [&](const struct ::stat& status) {
      require_trusted(status, file);
      result.status = status;
    });
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::key) throw;
    throw Error{ErrorKind::config,
                fmt::format("the configuration cannot be read: {}", error.message()), error.hint()};
  }
  if (!text) {
    throw Error{
        ErrorKind::config,
        fmt::format("there is no configuration file {}", util::quoted(file.string())),
        "check the path; a commented example is share/doc/bkp/bkp.example.yaml, and bkp.yaml(5) "
        "explains every key"};
  }
  result.text = std::move(*text);
  return result;
}

}  // namespace

Config parse(std::string_view yaml, const std::filesystem::path& name,
             const util::Environment& environment, util::ProcessRunner& processes,
             Connections connections) {
  return from_document(Document{yaml, name}, {environment, processes, connections});
}

Config load(const std::filesystem::path& file, const util::Environment& environment,
            util::ProcessRunner& processes, Connections connections) {
  const auto read = read_config_file(file);
  const Document document{read.text, file};
  if (holds_inline_secret(document.root())) {
    util::require_private(read.status, file, "the configuration, which holds a password");
  }
  auto config = from_document(document, {environment, processes, connections});
  config.file = file;
  return config;
}

Store store_of_options(std::string_view url, std::string_view site) {
  const auto require = [](std::string_view option, const std::optional<Problem>& problem) {
    if (problem) {
      throw Error{ErrorKind::usage, fmt::format("{} {}", option, problem->message), problem->hint};
    }
  };
  require("--site", problem_with_site(site));
  require("--store", problem_with_store_url(url));
  Store store;
  store.name = url;
  store.url = url;
  return store;
}

}  // namespace bkp::config
