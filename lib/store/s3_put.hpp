#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/s3_client.hpp"
#include "store/s3_failure.hpp"
#include "store/s3_object.hpp"

namespace bkp::store {

/// The object that is being made: one writer of one key.
struct S3NewObject {
  S3Operation operation;
  std::string bucket_key;
  std::string writer;  ///< random; see s3_writer_header

  S3NewObject(S3Operation what, std::string key);
};

/// What the options say of new objects: storage class, encryption, lock, and the writer's mark.
S3Pairs s3_object_headers(const S3Client& client, const S3NewObject& object);

/// Content-MD5 and x-amz-content-sha256, so that the server takes the body whole or not at all.
struct S3BodyDigests {
  std::string md5;  ///< hex
  S3Pairs headers;
};
std::vector<std::byte> s3_from_hex(std::string_view hex);
S3BodyDigests s3_body_digests(std::span<const std::byte> body);

/// Throws S3Operation::exists() when the key is taken. Not every server refuses to overwrite when
/// it is asked to; this look before the last request is what remains there.
void s3_require_absent(S3Client& client, const S3NewObject& object);

/// Whether the object at the key is the one this writer made.
std::optional<S3ObjectHead> s3_own_object(S3Client& client, const S3NewObject& object);

/// Throws, after it has removed the object, when that is to be locked and is not: a service may
/// ignore the request for it, as radosgw does for multipart uploads.
void s3_require_locked(S3Client& client, const S3NewObject& object, const S3ObjectHead& head);

/// Removes what this writer made and what must not stay, as far as the server can be reached.
/// Returns what became of it, a clause for the error that is told.
std::string_view s3_remove_own(S3Client& client, const S3NewObject& object) noexcept;

/// Makes a small object with one PutObject.
void s3_put(S3Client& client, const S3NewObject& object, std::span<const std::byte> body);

}  // namespace bkp::store
