#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "config/config.hpp"

namespace bkp::command {

/// Where a command reads backups: a store of the configuration, or one given by its URL, for which
/// neither configuration nor catalog is needed.
struct StoreOptions {
  std::string store = {};  ///< a name, or a URL; empty: any store of the configuration
  std::string site = {};   ///< of a URL: whose backups
  std::string endpoint = {};
  std::string region = {};
  std::string addressing = {};  ///< "path" or "virtual"; empty: path
  std::string ca_file = {};
  std::string ssh_key = {};
  std::string known_hosts = {};

  bool is_url() const;
};

void define(CLI::App& app, StoreOptions& options);

/// Throws Error{usage} where an option does not go with the store that is named, or a URL lacks its
/// site.
void require_sense(const StoreOptions& options);

/// The store that the URL and its options describe. Throws Error{usage} for a URL or site that is
/// none.
config::Store described_store(const StoreOptions& options);

/// " --store URL --site NAME …", for a shell.
std::string to_arguments(const StoreOptions& options);

}  // namespace bkp::command
