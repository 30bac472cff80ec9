#include "s3/address.hpp"

#include <fmt/format.h>

#include "s3/encoding.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::s3 {

namespace {

using util::Error;
using util::ErrorKind;

Error refused_url(std::string_view url, std::string_view why) {
  return Error{ErrorKind::config,
               fmt::format("{} is not the URL of a store: {}", util::quoted(url), why),
               "write it like s3://BUCKET/PREFIX"};
}

Error refused_endpoint(std::string_view endpoint, std::string_view why) {
  return Error{
      ErrorKind::config,
      fmt::format("{} is not the endpoint of an S3 service: {}", util::quoted(endpoint), why),
      "write it like https://s3.example.org:9000"};
}

/// Neither an endpoint nor the name of a bucket has an "@"; what stands before one is not shown. A
/// secret key may have a "/" in it.
void require_no_secret(std::string_view url) {
  const auto parts = store::split_url(url);
  const bool in_authority = !parts || parts->authority.find('@') != url.npos;
  if (url.find('@') == url.npos || !(in_authority || store::url_password(url))) return;
  throw Error{ErrorKind::config, "the place of an S3 store has a user or password in it",
              "credentials come from a file, a command, the environment or the instance"};
}

std::string without_default_port(std::string_view scheme, std::string_view authority) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return std::string{authority};
}

std::string amazon_endpoint(std::string_view region) {
  return fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

void set_endpoint(Address& address, const Options& options) {
  const std::string_view endpoint = options.endpoint;
  if (endpoint.empty()) {
    address.scheme = "https";
    address.endpoint = amazon_endpoint(options.region);
    return;
  }
  require_no_secret(endpoint);
  const auto scheme = store::scheme_of(endpoint);
  if (scheme != "https" && scheme != "http")
    throw refused_endpoint(endpoint, "it starts neither with \"https://\" nor with \"http://\"");
  const auto parts = *store::split_url(endpoint);
  if (parts.authority.empty()) throw refused_endpoint(endpoint, "there is no host in it");
  if (parts.authority.find_first_of("?# \\") != endpoint.npos || (parts.path.size() > 1))
    throw refused_endpoint(endpoint, "there must be nothing behind the host and the port");
  address.scheme = *scheme;
  address.endpoint = without_default_port(*scheme, parts.authority);
}

bool is_bucket_name(std::string_view name) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  return name.find_first_not_of(letters) == name.npos && name.find_first_not_of('.') != name.npos;
}

}  // namespace

std::string Address::url() const {
  return fmt::format("s3://{}{}{}", bucket, prefix.empty() ? "" : "/", prefix);
}

std::string Address::host() const {
  if (addressing == Addressing::path) return endpoint;
  return fmt::format("{}.{}", bucket, endpoint);
}

std::string Address::path(std::string_view bucket_key) const {
  const auto key = encoded_path(bucket_key);
  if (addressing == Addressing::virtual_host) return "/" + key;
  return fmt::format("/{}{}{}", bucket, key.empty() ? "" : "/", key);
}

std::string Address::bucket_key(const store::Key& key) const {
  // The rules of a key hold for it together with the prefix too.
  return prefix.empty() ? key.text() : store::Key{fmt::format("{}/{}", prefix, key.text())}.text();
}

Address address_of(std::string_view url, const Options& options) {
  require_no_secret(url);
  const auto parts = store::split_url(url);
  if (!parts || store::scheme_of(url) != "s3")
    throw refused_url(url, "it does not start with \"s3://\"");
  Address address;
  address.addressing = options.addressing;
  address.bucket = parts->authority;
  if (!is_bucket_name(address.bucket)) {
    throw refused_url(url, "the name of a bucket has letters, digits, \"-\", \".\" and \"_\"");
  }
  auto prefix = parts->path;
  if (prefix.starts_with('/')) prefix.remove_prefix(1);
  if (prefix.size() > 1 && prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!prefix.empty() && !store::Key::is_valid(prefix))
    throw refused_url(url, "no object can have a name below this prefix");
  address.prefix = prefix;
  set_endpoint(address, options);
  return address;
}

}  // namespace bkp::s3
