#include "store/s3_put.hpp"

#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "stream/hash.hpp"
#include "util/base64.hpp"
#include "util/rng.hpp"

namespace bkp::store {

std::vector<std::byte> s3_from_hex(std::string_view hex) {
  std::vector<std::byte> bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    unsigned value = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 2, value, 16);
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

S3NewObject::S3NewObject(S3Operation what, std::string key)
    : operation{std::move(what)}, bucket_key{std::move(key)}, writer{util::random_hex(16)} {}

S3Pairs s3_object_headers(const S3Client& client, const S3NewObject& object) {
  const auto& options = client.options();
  S3Pairs headers{{"content-type", "application/octet-stream"}, {s3_writer_header, object.writer}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) headers.emplace_back(name, value);
  };
  add("x-amz-storage-class", options.storage_class);
  add("x-amz-server-side-encryption", options.server_side_encryption);
  add("x-amz-server-side-encryption-aws-kms-key-id", options.kms_key);
  if (options.object_lock) {
    const auto until = client.clock().now() + std::chrono::hours{24} * options.object_lock->days;
    add("x-amz-object-lock-mode", options.object_lock->mode);
    add("x-amz-object-lock-retain-until-date", util::format_rfc3339(until));
  }
  return headers;
}

S3BodyDigests s3_body_digests(std::span<const std::byte> body) {
  auto digests = stream::digests_of({reinterpret_cast<const char*>(body.data()), body.size()});
  auto md5 = util::to_base64(s3_from_hex(digests.md5), util::Base64Padding::present);
  return {std::move(digests.md5),
          {{"content-md5", std::move(md5)}, {"x-amz-content-sha256", std::move(digests.sha256)}}};
}

void s3_require_absent(S3Client& client, const S3NewObject& object) {
  if (s3_head(client, object.operation, object.bucket_key)) throw object.operation.exists();
}

std::optional<S3ObjectHead> s3_own_object(S3Client& client, const S3NewObject& object) {
  auto head = s3_head(client, object.operation, object.bucket_key);
  if (head && head->writer != object.writer) return std::nullopt;
  return head;
}

void s3_put(S3Client& client, const S3NewObject& object, std::span<const std::byte> body) {
  s3_require_absent(client, object);
  S3Request request;
  request.method = "PUT";
  request.key = object.bucket_key;
  request.headers = s3_object_headers(client, object);
  for (auto& header : s3_body_digests(body).headers) request.headers.push_back(std::move(header));
  request.body = body;
  const auto response = client.send_if_none_match(request);
  if (response.ok() && !client.options().object_lock) return;
  // When an answer was lost, the next attempt meets what the first one made.
  const bool may_be_there = response.ok() || response.status == 412 || response.may_pass();
  if (const auto head = may_be_there ? s3_own_object(client, object) : std::nullopt)
    return s3_require_locked(client, object, *head);
  if (response.status == 412) throw object.operation.exists();
  throw s3_failure(object.operation, client, response);
}

void s3_require_locked(S3Client& client, const S3NewObject& object, const S3ObjectHead& head) {
  if (!client.options().object_lock || !head.lock_mode.empty()) return;
  throw object.operation.failed(
      fmt::format("the service took it and did not lock it, or does not show the lock; {}",
                  s3_remove_own(client, object)),
      "allow s3:GetObjectRetention; where that is not it, remove object_lock and give the bucket a "
      "default retention");
}

std::string_view s3_remove_own(S3Client& client, const S3NewObject& object) noexcept {
  try {
    S3Request request;
    request.method = "DELETE";
    request.key = object.bucket_key;
    request.parting = true;
    if (client.send(request).ok()) return "it was removed again";
  } catch (...) {
    // The failure that led here is the one to report.
  }
  return "it could not be removed: remove it by hand";
}

}  // namespace bkp::store
