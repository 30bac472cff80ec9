#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "s3/client.hpp"
#include "s3/failure.hpp"
#include "s3/object.hpp"

namespace bkp::s3 {

/// The object that is being made: one writer of one key.
struct NewObject {
  Operation operation;
  std::string bucket_key;
  std::string writer;  ///< random; see writer_header

  NewObject(Operation what, std::string key);
};

/// What the options say of new objects: storage class, encryption, lock, and the writer's mark.
Pairs object_headers(const Client& client, const NewObject& object);

/// Content-MD5 and x-amz-content-sha256, so that the server takes the body whole or not at all.
struct BodyDigests {
  std::string md5;  ///< hex
  Pairs headers;
};
BodyDigests body_digests(std::span<const std::byte> body);

/// Throws Operation::exists() when the key is taken. Not every server refuses to overwrite when
/// it is asked to; this look before the last request is what remains there.
void require_absent(Client& client, const NewObject& object);

/// Whether the object at the key is the one this writer made.
std::optional<ObjectHead> own_object(Client& client, const NewObject& object);

/// Throws, after it has removed the object, when that is to be locked and is not: a service may
/// ignore the request for it, as radosgw does for multipart uploads.
void require_locked(Client& client, const NewObject& object, const ObjectHead& head);

/// Removes what this writer made and what must not stay, as far as the server can be reached.
/// Returns what became of it, a clause for the error that is told.
std::string_view remove_own(Client& client, const NewObject& object) noexcept;

/// Makes a small object with one PutObject.
void put(Client& client, const NewObject& object, std::span<const std::byte> body);

}  // namespace bkp::s3
