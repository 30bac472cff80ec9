#include "command/store_options.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "config/parse.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

namespace {

/// An option that says more about a URL.
struct Detail {
  const char* option;
  std::string StoreOptions::*value;
  std::string_view scheme;
  const char* type;
  const char* help;
};

constexpr std::array store_details{
    Detail{"--endpoint", &StoreOptions::endpoint, "s3", "URL",
           "with --store s3://BUCKET: the server"},
    Detail{"--region", &StoreOptions::region, "s3", "NAME", "with --store s3://BUCKET: its region"},
    Detail{
        "--addressing", &StoreOptions::addressing, "s3", "path|virtual",
        "with --store s3://BUCKET: whether the bucket is in the URL's path or in the host's name"},
    Detail{"--ca-file", &StoreOptions::ca_file, "s3", "FILE",
           "with --store s3://BUCKET: who vouches for the server, in place of the system's"},
    Detail{"--ssh-key", &StoreOptions::ssh_key, "sftp", "FILE",
           "with --store sftp://USER@HOST/PATH: the private key, in place of the agent's"},
    Detail{"--known-hosts", &StoreOptions::known_hosts, "sftp", "FILE",
           "with --store sftp://USER@HOST/PATH: in place of ~/.ssh/known_hosts"}};

}  // namespace

bool StoreOptions::is_url() const {
  return store::split_url(store).has_value();
}

void define(CLI::App& app, StoreOptions& options) {
  app.add_option("--store", options.store,
                 "the copy on this store: a name from the configuration, or a URL with --site")
      ->type_name("STORE");
  app.add_option("--site", options.site, "with --store URL: the site whose backups it holds")
      ->type_name("NAME");
  for (const auto& detail : store_details)
    app.add_option(detail.option, options.*detail.value, detail.help)->type_name(detail.type);
  app.get_option("--addressing")->check(CLI::IsMember({"path", "virtual"}));
}

void require_sense(const StoreOptions& options) {
  if (options.is_url() && options.site.empty()) {
    throw Error{ErrorKind::usage, "a store given by its URL needs --site too",
                "the site is the first part of every key in the store"};
  }
  if (!options.is_url() && !options.site.empty()) {
    throw Error{ErrorKind::usage, "--site goes with --store URL",
                "without it the configuration's site is used"};
  }
  for (const auto& detail : store_details) {
    if ((options.*detail.value).empty() || store::scheme_of(options.store) == detail.scheme)
      continue;
    throw Error{ErrorKind::usage,
                fmt::format("{} goes with --store {}://…", detail.option, detail.scheme),
                "stores of the configuration have theirs there"};
  }
}

config::Store described_store(const StoreOptions& options) {
  auto result = config::store_of_options(options.store, options.site);
  result.s3.endpoint = options.endpoint;
  if (!options.region.empty()) result.s3.region = options.region;
  if (options.addressing == "virtual") result.s3.addressing = s3::Addressing::virtual_host;
  if (!options.ca_file.empty()) result.s3.ca_file = options.ca_file;
  if (!options.ssh_key.empty()) result.sftp.key_file = options.ssh_key;
  if (!options.known_hosts.empty()) result.sftp.known_hosts_file = options.known_hosts;
  return result;
}

std::string to_arguments(const StoreOptions& options) {
  std::string result;
  const auto add = [&](std::string_view option, const std::string& value) {
    if (!value.empty()) result += fmt::format(" {} {}", option, util::shell_quoted(value));
  };
  add("--store", options.store);
  add("--site", options.site);
  for (const auto& detail : store_details) add(detail.option, options.*detail.value);
  return result;
}

}  // namespace bkp::command
