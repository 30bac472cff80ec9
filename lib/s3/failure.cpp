#include "s3/failure.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "net/backoff.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::s3 {

namespace {

using util::Error;
using util::ErrorKind;

constexpr std::string_view check_secret =
    "compare the access key and the secret key with what the service gave you";

std::string place(const Client& client) {
  return fmt::format("{}://{}", client.address().scheme, client.address().host());
}

/// What libcurl's codes mean for whoever configured the store.
std::string transfer_hint(const Client& client, CURLcode code) {
  const auto& address = client.address();
  const auto& ca_file = client.options().ca_file;
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      return fmt::format("see that the service at {} runs and that a firewall lets it be reached",
                         place(client));
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fmt::format("look for a typing error in the endpoint{}",
                         address.addressing == Addressing::virtual_host
                             ? "; a service without a name for every bucket wants addressing: path"
                             : "");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return ca_file ? fmt::format(
                           "the certificate must be for this host and come from an "
                           "authority in the ca_file, {}",
                           util::quoted(ca_file->string()))
                     : "name the authority that signed the server's certificate as ca_file, when "
                       "it is none of the system's";
    case CURLE_SSL_CONNECT_ERROR:
      return "does the endpoint speak TLS? one that does not is written with http://";
    case CURLE_OPERATION_TIMEDOUT:
      return "the connection was there, or was awaited, and nothing came; try again later";
    default:
      return "try again later; the service's own log may say more";
  }
}

Error transfer_failure(const Operation& operation, const Client& client, const Response& response) {
  const auto code = response.broken->code();
  const auto attempts =
      response.attempts > 1 ? fmt::format(" ({} attempts)", response.attempts) : "";
  std::string what = "the connection broke";
  if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
    what = "the server cannot be reached";
  if (code == CURLE_OPERATION_TIMEDOUT) what = "the transfer stalled";
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
      code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_ISSUER_ERROR)
    what = "TLS failed";
  return operation.failed(fmt::format("{} at {}{}: {}", what, place(client), attempts,
                                      util::printable(response.broken->message())),
                          transfer_hint(client, code));
}

std::optional<util::Time> server_time(const Response& response) {
  if (response.error && !response.error->server_time.empty()) {
    try {
      return util::parse_time(response.error->server_time);
    } catch (const Error&) {
      // The head has it too.
    }
  }
  return net::parse_http_date(response.header("date"));
}

Error skewed(const Operation& operation, const Response& response) {
  std::string by = "is far from";
  if (const auto theirs = server_time(response)) {
    const auto ahead = response.signed_at - *theirs;
    by = fmt::format("is {} {}", util::format_duration(std::chrono::abs(ahead)),
                     ahead.count() > 0 ? "ahead of" : "behind");
  }
  return operation.failed(fmt::format("the clock of this machine {} the server's", by),
                          "set the clock, and keep it right with NTP (timedatectl set-ntp true)");
}

Error elsewhere(const Operation& operation, const Client& client, const Response& response) {
  std::string region{response.header("x-amz-bucket-region")};
  std::string endpoint;
  if (response.error) {
    if (region.empty()) region = response.error->region;
    endpoint = response.error->endpoint;
  }
  std::string hint = "set the region and the endpoint of the bucket";
  if (!region.empty()) hint = fmt::format("set the region {}", util::quoted(region));
  if (!endpoint.empty())
    hint += fmt::format("{} the endpoint {}", region.empty() ? "; the server names" : ", at",
                        util::quoted(endpoint));
  return operation.failed(
      fmt::format("the bucket is not in region {} at {}: the server answers {}",
                  util::quoted(client.options().region), place(client), response.status),
      hint);
}

/// Code and message as the server gave them.
std::string answer(const Response& response) {
  auto text = fmt::format("the server answers {}", response.status);
  if (!response.error) return text;
  text += " " + util::printable(response.error->code);
  if (!response.error->message.empty()) text += ": " + util::printable(response.error->message);
  return text;
}

/// Services without a limit have no code for it; Ceph answers 403, MinIO 400 or 507.
bool is_full(const Response& response) {
  const auto code = response.code();
  constexpr long insufficient_storage = 507;
  return response.status == insufficient_storage || code.find("QuotaExceeded") != code.npos ||
         code.find("StorageFull") != code.npos;
}

std::string refusal_hint(const Client& client, const Response& response) {
  const auto code = response.code();
  const auto& bucket = client.address().bucket;
  if (code == "NoSuchBucket") {
    return fmt::format("make the bucket {}, or correct the URL; bkp never makes one",
                       util::quoted(bucket));
  }
  if (is_full(response)) {
    return fmt::format(
        "make room in the bucket {}: `bkp prune`, a `retention` that keeps less, or a larger quota",
        util::quoted(bucket));
  }
  if (code == "AccessDenied" || response.status == 403) {
    return fmt::format(
        "allow these credentials on {}: s3:ListBucket, s3:GetObject, s3:PutObject, "
        "s3:DeleteObject, "
        "s3:AbortMultipartUpload, s3:ListBucketMultipartUploads",
        util::quoted(bucket));
  }
  if (client.options().object_lock && (response.status == 400 || response.status == 409))
    return "object_lock needs a bucket that was made with object lock";
  if (response.may_pass()) return "the service has a problem that may pass; try again later";
  return {};
}

bool is_about_credentials(std::string_view code) {
  return code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" ||
         code == "ExpiredToken" || code == "InvalidToken" || code == "TokenRefreshRequired" ||
         code == "ExpiredTokenException";
}

Error credentials_failure(const Operation& operation, const Response& response) {
  std::string what = "the server does not know the access key";
  std::string hint{check_secret};
  if (response.code() == "SignatureDoesNotMatch") what = "the secret key is not the access key's";
  if (response.code().find("Token") != std::string_view::npos) {
    what = "the session token is not, or no longer, valid";
    hint = "get new credentials; those from a command or the instance are renewed by themselves";
  }
  return Error{
      ErrorKind::key,
      fmt::format("cannot {} {}: {}: {}", operation.verb, operation.name(), what, answer(response)),
      hint};
}

}  // namespace

std::string Operation::name() const {
  if (key.empty()) return util::printable(url);
  return fmt::format("{} in {}", util::quoted(key), util::printable(url));
}

Error Operation::failed(std::string_view why, std::string hint) const {
  return Error{ErrorKind::store, fmt::format("cannot {} {}: {}", verb, name(), why),
               std::move(hint)};
}

Error Operation::exists() const {
  return failed("it exists already",
                "objects are never overwritten; does another run use the same name?");
}

Error failure(const Operation& operation, const Client& client, const Response& response) {
  if (response.broken) return transfer_failure(operation, client, response);
  const auto code = response.code();
  if (is_about_credentials(code)) return credentials_failure(operation, response);
  if (code == "RequestTimeTooSkewed") return skewed(operation, response);
  const bool redirected = response.status == 301 || response.status == 307;
  if (redirected || code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect")
    return elsewhere(operation, client, response);
  if (response.ok()) return operation.failed("the server's answer is not what S3 prescribes");
  return operation.failed(answer(response), refusal_hint(client, response));
}

Error head_failure(const Operation& operation, Client& client, const Request& request,
                   const Response& response) {
  if (response.broken || response.may_pass()) return failure(operation, client, response);
  Request again;
  again.key = request.key;
  again.headers = {{"range", "bytes=0-0"}};
  const auto explained = client.send(again);
  // Of an empty object there is no first byte.
  const bool explains = !explained.broken && !explained.ok() && explained.status != 416;
  return failure(operation, client, explains ? explained : response);
}

}  // namespace bkp::s3
