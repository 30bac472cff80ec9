#include "s3/object.hpp"

#include <charconv>

#include "net/backoff.hpp"

namespace bkp::s3 {

namespace {

ObjectHead read_head(const Operation& operation, const Response& response) {
  ObjectHead head;
  const auto length = response.header("content-length");
  const auto* const end = length.data() + length.size();
  const auto [stopped, error] = std::from_chars(length.data(), end, head.size);
  const auto modified = net::parse_http_date(response.header("last-modified"));
  if (error != std::errc{} || stopped != end || length.empty() || !modified)
    throw operation.failed("the server tells neither size nor time");
  head.modified = *modified;
  head.etag = response.header("etag");
  head.lock_mode = response.header("x-amz-object-lock-mode");
  head.writer = response.header(writer_header);
  const auto encryption = response.header("x-amz-server-side-encryption");
  head.opaque_etag = !encryption.empty() && encryption != "AES256";
  return head;
}

}  // namespace

std::optional<ObjectHead> head_of(Client& client, const Operation& operation,
                                  const std::string& bucket_key) {
  Request request;
  request.method = "HEAD";
  request.key = bucket_key;
  const auto response = client.send(request);
  if (response.status == 404) return std::nullopt;
  if (!response.ok()) throw head_failure(operation, client, request, response);
  return read_head(operation, response);
}

}  // namespace bkp::s3
