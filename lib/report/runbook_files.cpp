#include "report/runbook_files.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "run/keys.hpp"
#include "sftp/address.hpp"
#include "sftp/login.hpp"
#include "store/url.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::report {

namespace {

namespace fs = std::filesystem;

void add_of_store(std::vector<RunbookFile>& files, const config::Store& store) {
  const auto name = util::quoted(store.name);
  const auto scheme = store::scheme_of(store.url);
  if (scheme == "s3") {
    if (const auto* credentials = std::get_if<s3::CredentialsFile>(&store.s3.credentials)) {
      files.push_back({credentials->file.string(),
                       fmt::format("The access key of store {}, as profile {} of an AWS "
                                   "credentials file.",
                                   name, util::quoted(credentials->profile)),
                       "Let the provider make another access key that may read the bucket."});
    }
    if (store.s3.ca_file) {
      files.push_back({store.s3.ca_file->string(),
                       fmt::format("Who vouches for the server of store {}.", name),
                       "The certificate (PEM) of the authority that signed the server's."});
    }
  }
  if (scheme == "sftp" && store.sftp.key_file) {
    files.push_back(
        {store.sftp.key_file->string(), fmt::format("The SSH key that opens store {}.", name),
         "Make another with ssh-keygen -t ed25519 -N '', and let whoever runs the store's host add "
         "its .pub to authorized_keys there."});
  }
}

/// What a channel is reached by, and whoever finds it may use.
std::optional<fs::path> secret_of(const config::Channel& channel) {
  if (const auto* mail = std::get_if<config::MailWay>(&channel.way)) return mail->password_file;
  if (const auto* slack = std::get_if<config::SlackWay>(&channel.way)) return slack->url_file;
  if (const auto* webhook = std::get_if<config::WebhookWay>(&channel.way)) return webhook->url_file;
  return std::get<config::PingWay>(channel.way).url_file;
}

void add_of_channel(std::vector<RunbookFile>& files, const config::Channel& channel) {
  const auto file = secret_of(channel);
  if (!file) return;
  files.push_back({file->string(),
                   fmt::format("How channel {} is reached. No restore needs it, but nobody is told "
                               "of anything there without it.",
                               util::quoted(channel.name)),
                   "Let the service behind the channel give another."});
}

}  // namespace

std::vector<RunbookFile> needed_files(const config::Config& config) {
  std::vector<RunbookFile> files;
  if (config.cluster.password_file) {
    files.push_back({config.cluster.password_file->string(),
                     "The password of bkp's role in the cluster, in the format of pgpass.",
                     "On a new cluster give the role another password, and write it there."});
  }
  if (config.catalog.password_file) {
    files.push_back({config.catalog.password_file->string(),
                     "The password of the catalog's role, in the format of pgpass.",
                     "Give the role another password where the catalog is."});
  }
  for (const auto& store : config.stores) add_of_store(files, store);
  for (const auto& file : config.encryption.identity_files) {
    files.push_back({file.string(), "An identity that opens sealed backups.",
                     "Nothing opens what is sealed for it alone: find the second copy."});
  }
  if (config.encryption.identity_files.empty() && !config.encryption.recipients.empty()) {
    files.push_back({identity_for_restores,
                     "An identity that opens sealed backups. The configuration names none, and the "
                     "commands here expect it in this file: take it away again in the end.",
                     "Nothing opens what is sealed for it alone: find the second copy."});
  }
  if (const auto& key = config.signing.key_file) {
    files.push_back(
        {key->string(), "The key that signs new backups; a restore needs only its public half.",
         fmt::format("Make another: bkp key generate --signing --out {}. What the old one signed "
                     "stays trusted through its public half.",
                     util::shell_quoted(key->string()))});
  }
  for (const auto& channel : config.notify.channels) add_of_channel(files, channel);
  return files;
}

std::vector<seal::PublicKeyText> public_keys_for_new_host(const config::Config& config) {
  auto keys = run::reading_keys(config).trusted.public_keys();
  const auto own = std::ranges::find_if(
      keys, [&](const auto& key) { return key.file == config.signing.key_file; });
  if (own == keys.end()) return keys;
  const auto another_with = [&](auto member, const auto& value) {
    return std::ranges::any_of(
        keys, [&](const auto& key) { return &key != &*own && key.*member == value; });
  };
  if (another_with(&seal::PublicKeyText::pem, own->pem)) {
    keys.erase(own);
    return keys;
  }
  // A name that neither another key has, nor the pair that may be made anew.
  const auto stem = fs::path{own->file}.replace_extension().string();
  own->file = stem + "-trusted.pub";
  for (int i = 2; another_with(&seal::PublicKeyText::file, own->file); ++i)
    own->file = fmt::format("{}-trusted-{}.pub", stem, i);
  return keys;
}

config::Config for_new_host(const config::Config& config,
                            const std::vector<seal::PublicKeyText>& keys) {
  auto result = config;
  auto& trusted = result.signing.trusted_keys;
  for (const auto& key : keys) {
    if (std::ranges::find(trusted, key.file) == trusted.end()) trusted.push_back(key.file);
  }
  return result;
}

std::string host_key_lines(const config::Store& store, const util::Environment& environment) {
  if (store::scheme_of(store.url) != "sftp") return {};
  const auto text = util::read_file(sftp::known_hosts_file(store.sftp, environment));
  std::string result;
  const auto name = sftp::parse_url(store.url).known_hosts_name();
  for (const auto& line : sftp::KnownHosts{text.value_or("")}.lines(name)) result += line + "\n";
  return result;
}

}  // namespace bkp::report
