#pragma once

#include "store/open.hpp"
#include "store/s3_client.hpp"
#include "store/s3_failure.hpp"
#include "store/store.hpp"

namespace bkp::store {

/// Objects in a bucket of AWS S3, or of a service that speaks its protocol, below a prefix.
/// Requests that fail for a reason that may pass are tried again; what is in s3_upload.hpp and
/// s3_download.hpp says how objects come and go.
///
/// The bucket is there already: none is ever made. What the contents of objects are to be kept for,
/// who may read them, and how long old versions stay is for the bucket's own settings. Where it
/// keeps versions, remove() leaves a marker and the old version behind it.
class S3Store final : public Store {
 public:
  /// Asks once whether the bucket may be listed, so that wrong credentials, a wrong region, a wrong
  /// clock and a missing bucket show at once. Throws Error{config}, Error{key}, Error{store}. The
  /// seams and the clock outlive the store.
  S3Store(const Place& place, const Seams& seams, const util::Clock& clock,
          const S3Patience& patience = {});

  std::string url() const override { return m_client.address().url(); }
  std::unique_ptr<stream::Sink> create(const Key& key) override;
  bool fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) override;
  std::optional<ObjectInfo> stat(const Key& key) override;
  std::vector<ObjectInfo> list(const Key& prefix) override;
  std::vector<std::string> names(const Key& prefix) override;
  bool remove(const Key& key) override;
  void remove_all(const std::vector<Key>& keys) override;
  std::size_t remove_unfinished(const Key& prefix) override;
  std::optional<StoreSpace> space() override { return std::nullopt; }

 private:
  S3Operation operation(std::string_view verb, const Key& key) const;
  std::string bucket_key(const Key& key) const { return m_client.address().bucket_key(key); }
  std::optional<ObjectInfo> info(const S3Operation& what, const Key& key);

  S3Client m_client;
};

}  // namespace bkp::store
