#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/sections.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

constexpr int most_parallel = 64;
constexpr int most_lock_days = 36500;

/// Keys that only stores of some scheme have.
struct SchemeKey {
  std::string_view key;
  std::string_view scheme;
};
constexpr std::array scheme_keys{
    SchemeKey{"endpoint", "s3"},      SchemeKey{"region", "s3"},
    SchemeKey{"addressing", "s3"},    SchemeKey{"credentials", "s3"},
    SchemeKey{"ca_file", "s3"},       SchemeKey{"parallel", "s3"},
    SchemeKey{"storage_class", "s3"}, SchemeKey{"server_side_encryption", "s3"},
    SchemeKey{"kms_key", "s3"},       SchemeKey{"object_lock", "s3"},
    SchemeKey{"key_file", "sftp"},    SchemeKey{"known_hosts_file", "sftp"}};

std::string read_endpoint(const Value& value) {
  auto text = non_empty_text(value);
  const bool url = text.starts_with("https://") || text.starts_with("http://");
  const auto host = text.find("//") + 2;
  if (text.find('@') != text.npos) {
    value.fail("has a user or a password in it", "credentials have keys of their own");
  }
  if (!url || host >= text.size() || text.find_first_of("/?# ", host) != text.npos) {
    value.fail(fmt::format("must be a server, not {}", util::quoted(text)),
               "write https://HOST or https://HOST:PORT, without a path");
  }
  return text;
}

s3::CredentialsSource read_credentials(const Section& section) {
  std::vector<Value> sources;
  s3::CredentialsSource result;
  const auto take = [&](const Value& value, s3::CredentialsSource source) {
    sources.push_back(value);
    result = std::move(source);
  };
  const auto profile = section.find("profile");
  if (const auto value = section.find("file")) {
    s3::CredentialsFile from{to_path(*value)};
    if (profile) from.profile = non_empty_text(*profile);
    take(*value, std::move(from));
  } else if (profile) {
    profile->fail("needs a file", "add `file: /etc/bkp/s3.ini`");
  }
  if (const auto value = section.find("env"); value && to_boolean(*value))
    take(*value, s3::CredentialsEnvironment{});
  if (const auto value = section.find("command")) {
    auto arguments = to_texts(*value);
    if (arguments.empty()) value->fail("is empty", "write [PROGRAM, ARGUMENT, …]");
    take(*value, s3::CredentialsCommand{std::move(arguments)});
  }
  if (const auto value = section.find("imds"); value && to_boolean(*value))
    take(*value, s3::CredentialsInstance{});
  if (sources.size() > 1) {
    sources[1].fail("is a second source of the credentials",
                    "keep one of file, env, command and imds");
  }
  return result;
}

s3::ObjectLock read_object_lock(const Section& section) {
  s3::ObjectLock result;
  const auto mode = section.require("mode", "write governance or compliance");
  const auto text = to_text(mode);
  if (text != "governance" && text != "compliance")
    mode.fail(fmt::format("must not be {}", util::quoted(text)), "write governance or compliance");
  result.mode = text == "governance" ? "GOVERNANCE" : "COMPLIANCE";
  section.require("days", "write for how many days no one may remove an object");
  result.days = read_int(section, "days", 0, 1, most_lock_days);
  return result;
}

}  // namespace

s3::Options read_s3_options(const Section& section) {
  s3::Options result;
  if (const auto value = section.find("endpoint")) result.endpoint = read_endpoint(*value);
  if (const auto value = section.find("region")) result.region = non_empty_text(*value);
  if (const auto value = section.find("addressing")) {
    const auto text = to_text(*value);
    if (text != "path" && text != "virtual")
      value->fail(fmt::format("must not be {}", util::quoted(text)), "write path or virtual");
    result.addressing = text == "path" ? s3::Addressing::path : s3::Addressing::virtual_host;
  }
  result.credentials = read_credentials(section.section("credentials"));
  if (const auto value = section.find("ca_file")) result.ca_file = to_path(*value);
  result.parallel = read_int(section, "parallel", result.parallel, 1, most_parallel);
  if (const auto value = section.find("storage_class"))
    result.storage_class = non_empty_text(*value);
  if (const auto value = section.find("server_side_encryption")) {
    result.server_side_encryption = to_text(*value);
    if (result.server_side_encryption != "AES256" && result.server_side_encryption != "aws:kms")
      value->fail("must be AES256 or aws:kms", "remove the key to leave it to the bucket");
  }
  if (const auto value = section.find("kms_key")) {
    result.kms_key = non_empty_text(*value);
    if (result.server_side_encryption != "aws:kms")
      value->fail("needs server_side_encryption: aws:kms", "add that, or remove the key");
  }
  if (section.find("object_lock"))
    result.object_lock = read_object_lock(section.section("object_lock"));
  return result;
}

sftp::Options read_sftp_options(const Section& section) {
  sftp::Options result;
  if (const auto value = section.find("key_file")) result.key_file = to_path(*value);
  if (const auto value = section.find("known_hosts_file"))
    result.known_hosts_file = to_path(*value);
  return result;
}

void require_keys_that_fit(const Section& section, std::string_view scheme) {
  for (const auto& [key, needed] : scheme_keys) {
    const auto value = section.find(key);
    if (!value || needed == scheme) continue;
    value->fail(fmt::format("is for {} stores, and this is a {} one", needed, scheme),
                "remove the key, or correct the URL");
  }
}

}  // namespace bkp::config
