#include "store/s3_object.hpp"

#include <charconv>

#include "net/backoff.hpp"

namespace bkp::store {

namespace {

S3ObjectHead read_head(const S3Operation& operation, const S3Response& response) {
  S3ObjectHead head;
  const auto length = response.header("content-length");
  const auto* const end = length.data() + length.size();
  const auto [stopped, error] = std::from_chars(length.data(), end, head.size);
  const auto modified = net::parse_http_date(response.header("last-modified"));
  if (error != std::errc{} || stopped != end || length.empty() || !modified)
    throw operation.failed("the server tells neither size nor time");
  head.modified = *modified;
  head.etag = response.header("etag");
  head.lock_mode = response.header("x-amz-object-lock-mode");
  head.writer = response.header(s3_writer_header);
  const auto encryption = response.header("x-amz-server-side-encryption");
  head.opaque_etag = !encryption.empty() && encryption != "AES256";
  return head;
}

}  // namespace

std::optional<S3ObjectHead> s3_head(S3Client& client, const S3Operation& operation,
                                    const std::string& bucket_key) {
  S3Request request;
  request.method = "HEAD";
  request.key = bucket_key;
  const auto response = client.send(request);
  if (response.status == 404) return std::nullopt;
  if (!response.ok()) throw s3_head_failure(operation, client, request, response);
  return read_head(operation, response);
}

}  // namespace bkp::store
