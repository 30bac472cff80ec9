#pragma once

#include <string>
#include <string_view>

#include "s3/options.hpp"
#include "store/key.hpp"

namespace bkp::s3 {

/// Where the objects of a store are: s3://BUCKET/PREFIX at an endpoint. The prefix is taken as it
/// stands in the URL, without percent-decoding, as other tools for S3 do.
struct Address {
  std::string scheme;    ///< "https" or "http"
  std::string endpoint;  ///< host, with a port that is not the scheme's own
  std::string bucket;
  std::string prefix;  ///< without "/" at either end; empty: the whole bucket
  Addressing addressing = Addressing::path;

  /// "s3://BUCKET/PREFIX"
  std::string url() const;
  /// What the head Host says.
  std::string host() const;
  /// The encoded path of an object of the bucket; of the bucket itself for an empty key.
  std::string path(std::string_view bucket_key) const;
  /// `key` behind the prefix. Throws Error{store} when that is longer than S3's 1024 bytes.
  std::string bucket_key(const store::Key& key) const;
};

/// Throws Error{config} naming what is wrong with the URL or the endpoint. A user or password in
/// either is refused, and not shown.
Address address_of(std::string_view url, const Options& options);

}  // namespace bkp::s3
