#pragma once

#include "s3/client.hpp"
#include "s3/failure.hpp"
#include "s3/xml.hpp"
#include "store/opening.hpp"
#include "store/store.hpp"

namespace bkp::s3 {

/// Objects in a bucket of AWS S3, or of a service that speaks its protocol, below a prefix.
/// Requests that fail for a reason that may pass are tried again; what is in upload.hpp and
/// download.hpp says how objects come and go.
///
/// The bucket is there already: none is ever made. What the contents of objects are to be kept for,
/// who may read them, and how long old versions stay is for the bucket's own settings. Where it
/// keeps versions, remove() leaves a marker and the old version behind it.
class Store final : public store::Store {
 public:
  /// Asks once whether the bucket may be listed, so that wrong credentials, a wrong region, a wrong
  /// clock and a missing bucket show at once. Throws Error{config}, Error{key}, Error{store}. The
  /// seams and the clock outlive the store.
  Store(std::string_view url, const Options& options, const store::Seams& seams,
        const util::Clock& clock, const Patience& patience = {});

  std::string url() const override { return m_client.address().url(); }
  std::unique_ptr<stream::Sink> create(const store::Key& key) override;
  bool fetch(const store::Key& key, std::optional<store::ByteRange> range,
             stream::Sink& sink) override;
  std::optional<store::ObjectInfo> stat(const store::Key& key) override;
  std::vector<store::ObjectInfo> list(const store::Key& prefix) override;
  std::vector<std::string> names(const store::Key& prefix) override;
  bool remove(const store::Key& key) override;
  void remove_all(const std::vector<store::Key>& keys) override;
  std::vector<std::string> unfinished(const store::Key& prefix, const store::KeyTest& pass_over,
                                      util::Time begun_before) override;
  std::vector<std::string> remove_unfinished(const store::Key& prefix,
                                             util::Time begun_before) override;
  std::optional<store::StoreSpace> space() override { return std::nullopt; }

 private:
  Operation operation(std::string_view verb, const store::Key& key) const;
  std::string bucket_key(const store::Key& key) const { return m_client.address().bucket_key(key); }
  std::optional<store::ObjectInfo> info(const Operation& what, const store::Key& key);
  std::vector<UploadsPage::Upload> uploads_below(const Operation& what, const store::Key& prefix,
                                                 util::Time begun_before);

  Client m_client;
};

}  // namespace bkp::s3
