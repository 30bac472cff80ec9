#include "s3/put.hpp"

#include <span>

#include <fmt/format.h>

#include "stream/hash.hpp"
#include "util/base64.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"

namespace bkp::s3 {

NewObject::NewObject(Operation what, std::string key)
    : operation{std::move(what)}, bucket_key{std::move(key)}, writer{util::random_hex(16)} {}

Pairs object_headers(const Client& client, const NewObject& object) {
  const auto& options = client.options();
  Pairs headers{{"content-type", "application/octet-stream"}, {writer_header, object.writer}};
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

BodyDigests body_digests(std::span<const std::byte> body) {
  auto digests = stream::digests_of({reinterpret_cast<const char*>(body.data()), body.size()});
  const auto md5_bytes = util::from_hex(digests.md5);
  auto md5 = util::to_base64(std::as_bytes(std::span{md5_bytes}), util::Base64Padding::present);
  return {std::move(digests.md5),
          {{"content-md5", std::move(md5)}, {"x-amz-content-sha256", std::move(digests.sha256)}}};
}

void require_absent(Client& client, const NewObject& object) {
  if (head_of(client, object.operation, object.bucket_key)) throw object.operation.exists();
}

std::optional<ObjectHead> own_object(Client& client, const NewObject& object) {
  auto head = head_of(client, object.operation, object.bucket_key);
  if (head && head->writer != object.writer) return std::nullopt;
  return head;
}

void put(Client& client, const NewObject& object, std::span<const std::byte> body) {
  require_absent(client, object);
  Request request;
  request.method = "PUT";
  request.key = object.bucket_key;
  request.headers = object_headers(client, object);
  for (auto& header : body_digests(body).headers) request.headers.push_back(std::move(header));
  request.body = body;
  const auto response = client.send_if_none_match(request);
  // An answer without an ETag is none of S3's: of something that stands before it, or an error.
  const bool said_so = response.ok() && !response.header("etag").empty();
  if (said_so && !client.options().object_lock) return;
  // When an answer was lost, the next attempt meets what the first one made.
  const bool may_be_there = response.ok() || response.status == 412 || response.may_pass();
  if (const auto head = may_be_there ? own_object(client, object) : std::nullopt)
    return require_locked(client, object, *head);
  if (response.status == 412) throw object.operation.exists();
  throw failure(object.operation, client, response);
}

void require_locked(Client& client, const NewObject& object, const ObjectHead& head) {
  if (!client.options().object_lock || !head.lock_mode.empty()) return;
  throw object.operation.failed(
      fmt::format("the service took it and did not lock it, or does not show the lock; {}",
                  remove_own(client, object)),
      "allow s3:GetObjectRetention; where that is not it, remove object_lock and give the bucket a "
      "default retention");
}

std::string_view remove_own(Client& client, const NewObject& object) noexcept {
  try {
    Request request;
    request.method = "DELETE";
    request.key = object.bucket_key;
    request.parting = true;
    if (client.send(request).ok()) return "it was removed again";
  } catch (...) {
    // The failure that led here is the one to report.
  }
  return "it could not be removed: remove it by hand";
}

}  // namespace bkp::s3
