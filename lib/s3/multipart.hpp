#pragma once

#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "s3/put.hpp"

namespace bkp::s3 {

/// One multipart upload (AWS, "Uploading and copying objects using multipart upload"): nothing of
/// it is visible before complete() returned. Ends by complete() or abort(); the destructor does
/// neither.
class Multipart {
 public:
  /// Begins the upload. `client` and `object` outlive it.
  Multipart(Client& client, const NewObject& object);

  /// Stores part `number`, counted from 1, trying it again for itself. Any thread.
  void upload_part(std::size_t number, std::span<const std::byte> body, std::stop_token stop);

  /// All parts are there. Makes them the object, or throws; when it threw, abort() is due. Compares
  /// size and ETag of the object with what was sent; one that differs is removed again.
  void complete();

  /// Nothing remains, as far as the server can be reached.
  void abort() noexcept;

 private:
  struct Part {
    std::string etag;
    std::string md5;  ///< hex
    std::uint64_t size = 0;
  };
  Request request(const char* method) const;
  void require_intact(const ObjectHead& head);
  /// The ETag S3 prescribes for the whole; empty where the server makes its ETags otherwise.
  bool is_of_parts(std::string_view etag) const;
  std::string expected_etag() const;

  Client& m_client;
  const NewObject& m_object;
  std::string m_id;
  std::mutex m_mutex;
  std::vector<Part> m_parts;
};

}  // namespace bkp::s3
