#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "store/open.hpp"
#include "store/s3_options.hpp"
#include "util/clock.hpp"

namespace bkp::store {

struct S3Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;          ///< empty: none
  std::optional<util::Time> expires;  ///< absent: never, as far as is known
  bool operator==(const S3Credentials&) const = default;
};

/// Where the credentials of a store come from. They are kept, and asked for anew five minutes
/// before they expire. Any thread. Everything that stands in the way is Error{key}, and never
/// quotes a secret.
class S3CredentialsProvider {
 public:
  /// All but `source` must outlive the provider.
  S3CredentialsProvider(CredentialsSource source, const Seams& seams, const util::Clock& clock);

  S3Credentials get();

  /// The server called these expired: the next get() asks for others, if `refused` are still those
  /// it would give. False when the source gives the same ones every time.
  bool renew(const S3Credentials& refused);

 private:
  S3Credentials load() const;

  CredentialsSource m_source;
  Seams m_seams;
  const util::Clock& m_clock;
  std::mutex m_mutex;
  std::optional<S3Credentials> m_current;
};

}  // namespace bkp::store
