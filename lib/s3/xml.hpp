#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.hpp"

namespace bkp::s3 {

/// The XML that S3 answers with (AWS, "Amazon S3 API Reference"). nullopt for what is not XML, or
/// not the document that was expected.

/// <Error>: what a request was refused with. Absent elements are empty.
struct ErrorBody {
  std::string code;         ///< "NoSuchKey"
  std::string message;      ///< for people
  std::string region;       ///< where the bucket is, in a redirection
  std::string endpoint;     ///< likewise
  std::string server_time;  ///< with RequestTimeTooSkewed
};
std::optional<ErrorBody> parse_error(std::string_view xml);

/// <ListBucketResult> of ListObjectsV2. Keys are those of the bucket, decoded.
struct ListPage {
  std::vector<store::ObjectInfo> objects;
  std::vector<std::string> prefixes;  ///< CommonPrefixes
  std::string next;                   ///< the continuation token; empty: this page is the last
};
std::optional<ListPage> parse_listing(std::string_view xml);

/// <InitiateMultipartUploadResult>: the id.
std::optional<std::string> parse_upload_id(std::string_view xml);

/// <ListMultipartUploadsResult>.
struct UploadsPage {
  struct Upload {
    std::string key;
    std::string id;
    std::optional<util::Time> begun;  ///< not every server says
  };
  std::vector<Upload> uploads;
  bool more = false;  ///< go on from the markers
  std::string next_key;
  std::string next_id;
};
std::optional<UploadsPage> parse_uploads(std::string_view xml);

/// The body of CompleteMultipartUpload: the parts' ETags, from part 1 on.
std::string completion_body(const std::vector<std::string>& etags);

/// The body of DeleteObjects, which is to answer with failures only.
std::string deletion_body(std::span<const std::string> keys);

/// <DeleteResult>: the keys that were not removed.
std::optional<std::vector<std::string>> parse_undeleted(std::string_view xml);

}  // namespace bkp::s3
