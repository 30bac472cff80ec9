#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "s3/options.hpp"
#include "store/opening.hpp"
#include "util/clock.hpp"

namespace bkp::s3 {

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;          ///< empty: none
  std::optional<util::Time> expires;  ///< absent: never, as far as is known
  bool operator==(const Credentials&) const = default;
};

/// Where the credentials of a store come from. They are kept, and asked for anew five minutes
/// before they expire. Any thread. Everything that stands in the way is Error{key}, and never
/// quotes a secret.
class CredentialsProvider {
 public:
  /// All but `source` must outlive the provider.
  CredentialsProvider(CredentialsSource source, const store::Seams& seams,
                      const util::Clock& clock);

  Credentials get();

  /// The server called these expired: the next get() asks for others, if `refused` are still those
  /// it would give. False when the source gives the same ones every time.
  bool renew(const Credentials& refused);

 private:
  Credentials load() const;

  CredentialsSource m_source;
  store::Seams m_seams;
  const util::Clock& m_clock;
  std::mutex m_mutex;
  std::optional<Credentials> m_current;
};

}  // namespace bkp::s3
