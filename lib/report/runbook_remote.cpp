#include "report/runbook_remote.hpp"

#include <filesystem>
#include <optional>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "backup/layout.hpp"
#include "report/command_text.hpp"
#include "s3/address.hpp"
#include "sftp/address.hpp"
#include "store/url.hpp"

namespace bkp::report {

namespace {

/// Options with their values, as words of a shell.
class Options {
 public:
  void add(std::string_view option, const std::string& value) {
    if (!value.empty()) m_text += fmt::format(" {} {}", option, shell_word(value));
  }
  void add(std::string_view option, const std::optional<std::filesystem::path>& file) {
    if (file) add(option, file->string());
  }
  const std::string& text() const { return m_text; }

 private:
  std::string m_text;
};

/// A word of sftp's own batch language, where * and its like are no patterns in quotes.
std::string sftp_word(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

/// ssh_config(5): blanks end a file's name outside quotes, and % begins a token.
std::string ssh_file(const std::string& file) {
  std::string result = "\"";
  for (const char c : file) result += c == '%' ? std::string{"%%"} : std::string{c};
  return result + "\"";
}

std::string fetch_from_bucket(const RunbookStore& store, const std::string& objects,
                              const std::string& directory) {
  Options options;
  options.add("--endpoint-url", store.s3.endpoint);
  options.add("--region", store.s3.region);
  options.add("--ca-bundle", store.s3.ca_file);
  const auto url = s3::address_of(store.url, store.s3).url();
  return fmt::format("{}aws{} s3 cp --recursive --only-show-errors \\\n  {} {}",
                     credentials_before(store), options.text(), shell_word(url + "/" + objects),
                     shell_word(directory));
}

std::string fetch_from_host(const RunbookStore& store, const std::string& objects,
                            const std::string& directory) {
  const auto address = sftp::parse_url(store.url);
  Options options;
  if (address.port != 22) options.add("-P", std::to_string(address.port));
  options.add("-i", store.sftp.key_file);
  if (store.sftp.known_hosts_file) {
    options.add("-o", "UserKnownHostsFile=" + ssh_file(store.sftp.known_hosts_file->string()));
  }
  // Which makes there a directory of the same name.
  const auto parent = std::filesystem::path{directory}.parent_path().string();
  const bool ip6 = address.host.find(':') != std::string::npos;
  const auto host = ip6 ? "[" + address.host + "]" : address.host;
  return fmt::format("sftp -b -{} {} <<'GET'\nget -r {} {}\nGET", options.text(),
                     shell_word(address.user + "@" + host), sftp_word(address.path + "/" + objects),
                     sftp_word(parent));
}

}  // namespace

std::string credentials_before(const RunbookStore& store) {
  if (store::scheme_of(store.url) != "s3") return {};
  const auto* file = std::get_if<s3::CredentialsFile>(&store.s3.credentials);
  if (file == nullptr) return {};
  return fmt::format("AWS_SHARED_CREDENTIALS_FILE={} AWS_PROFILE={} ",
                     shell_word(file->file.string()), shell_word(file->profile));
}

std::string credentials_text(const RunbookStore& store) {
  const auto scheme = store::scheme_of(store.url);
  if (scheme == "sftp") {
    return store.sftp.key_file ? fmt::format("the SSH key {}", store.sftp.key_file->string())
                               : "an SSH agent";
  }
  if (scheme != "s3") return "the rights of the file system";
  if (const auto* file = std::get_if<s3::CredentialsFile>(&store.s3.credentials))
    return fmt::format("profile {} of {}", file->profile, file->file.string());
  if (const auto* command = std::get_if<s3::CredentialsCommand>(&store.s3.credentials)) {
    return fmt::format(
        "what {} prints: put it into AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
        "AWS_SESSION_TOKEN for commands without the configuration",
        fmt::join(command->arguments, " "));
  }
  if (std::holds_alternative<s3::CredentialsInstance>(store.s3.credentials)) {
    return "the role of the machine, by the configuration; elsewhere and without it "
           "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN";
  }
  return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment";
}

std::string store_options(const RunbookModel& model, const RunbookStore& store) {
  Options options;
  options.add("--store", store.url);
  options.add("--site", model.site);
  const auto scheme = store::scheme_of(store.url);
  if (scheme == "s3") {
    options.add("--endpoint", store.s3.endpoint);
    options.add("--region", store.s3.region);
    options.add("--ca-file", store.s3.ca_file);
    if (store.s3.addressing == s3::Addressing::virtual_host)
      options.add("--addressing", std::string{"virtual"});
  }
  if (scheme == "sftp") {
    options.add("--ssh-key", store.sftp.key_file);
    options.add("--known-hosts", store.sftp.known_hosts_file);
  }
  return options.text().substr(1);
}

std::string fetch_command(const RunbookStore& store, const std::string& objects,
                          const std::string& directory) {
  const auto place = shell_word(directory);
  if (const auto root = store.directory()) {
    const auto parent = std::filesystem::path{directory}.parent_path().string();
    return fmt::format("mkdir -p -- {} && ln -sfnT -- {} \\\n  {}", shell_word(parent),
                       shell_word(*root + "/" + objects), place);
  }
  // Nothing is to be written through such a link into the store.
  const auto make = fmt::format("test ! -L {0} || rm -- {0}; mkdir -p -- {0} && ", place);
  return make + (store::scheme_of(store.url) == "s3" ? fetch_from_bucket(store, objects, directory)
                                                     : fetch_from_host(store, objects, directory));
}

std::string host_keys_command(const RunbookStore& store) {
  if (store.host_key_lines.empty()) return {};
  const auto& file = store.sftp.known_hosts_file;
  const std::string to = file ? shell_word(file->string()) : "~/.ssh/known_hosts";
  const std::string make =
      file ? fmt::format("mkdir -p -- {} && ", shell_word(file->parent_path().string()))
           : "mkdir -p -m 0700 ~/.ssh && ";
  return fmt::format("{}cat >> {} <<'HOST_KEYS'\n{}HOST_KEYS", make, to, store.host_key_lines);
}

}  // namespace bkp::report
