#pragma once

#include <string>
#include <string_view>

#include "util/error.hpp"

namespace bkp::sftp {

/// The connection to the server did not come about, broke, or was silent for too long: the same may
/// go well later. Never left to a caller of the store as it is: see Operation.
class ConnectionLost : public util::Error {
 public:
  explicit ConnectionLost(std::string why) : Error{util::ErrorKind::store, std::move(why)} {}
};

/// The server answered, and said no.
class Refusal : public util::Error {
 public:
  /// LIBSSH2_FX_…, draft-ietf-secsh-filexfer-02, section 7, and those of later drafts.
  explicit Refusal(unsigned long code);
  unsigned long code() const noexcept { return m_code; }
  bool is_absence() const noexcept;
  /// Of an extension of SFTP, on what is open to this user: the server lacks it, or was told not to
  /// serve it (internal-sftp -P).
  bool is_unsupported() const noexcept;

 private:
  unsigned long m_code;
};

/// What an SFTP store is doing, for its errors: cannot create "studio/x" in sftp://backup@host/srv.
struct Operation {
  std::string_view verb;
  std::string_view key;  ///< empty: the store itself
  std::string_view url;

  util::Error failed(const Refusal& refusal) const;
  util::Error failed(const ConnectionLost& lost, int attempts) const;
  util::Error failed(std::string_view why, std::string hint) const;
  util::Error exists() const;
  util::Error full() const;
};

}  // namespace bkp::sftp
