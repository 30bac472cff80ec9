#include "sftp/error.hpp"

#include <fmt/format.h>

#include "sftp/libssh2.hpp"
#include "util/text.hpp"

namespace bkp::sftp {

using util::Error;
using util::ErrorKind;

namespace {

std::string text_of(unsigned long code) {
  switch (code) {
    case LIBSSH2_FX_NO_SUCH_FILE:
    case LIBSSH2_FX_NO_SUCH_PATH:
      return "no such file or directory on the server";
    case LIBSSH2_FX_PERMISSION_DENIED:
      return "permission denied by the server";
    case LIBSSH2_FX_FAILURE:
      return "the server failed and gives no reason";
    case LIBSSH2_FX_OP_UNSUPPORTED:
      return "the server cannot do this";
    case LIBSSH2_FX_WRITE_PROTECT:
      return "read-only file system on the server";
    case LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM:
      return "no space left on the server";
    case LIBSSH2_FX_QUOTA_EXCEEDED:
      return "disk quota exceeded on the server";
    default:
      return fmt::format("the server answers with SFTP's code {}", code);
  }
}

std::string hint_of(unsigned long code) {
  switch (code) {
    case LIBSSH2_FX_NO_SUCH_FILE:
    case LIBSSH2_FX_NO_SUCH_PATH:
      return "is the store's file system mounted on the server?";
    case LIBSSH2_FX_PERMISSION_DENIED:
      return "check on the server owner and permissions of it and the directories on its way, and "
             "that the user of the URL may write there";
    case LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM:
    case LIBSSH2_FX_QUOTA_EXCEEDED:
      return "free some space there, or let `bkp prune` remove old backups";
    default:
      return "look into the log of the SSH server, and at quota and state of its file system";
  }
}

}  // namespace

Refusal::Refusal(unsigned long code)
    : Error{ErrorKind::store, text_of(code), hint_of(code)}, m_code{code} {}

bool Refusal::is_absence() const noexcept {
  return m_code == LIBSSH2_FX_NO_SUCH_FILE || m_code == LIBSSH2_FX_NO_SUCH_PATH;
}

bool Refusal::is_unsupported() const noexcept {
  return m_code == LIBSSH2_FX_OP_UNSUPPORTED || m_code == LIBSSH2_FX_PERMISSION_DENIED;
}

Error Operation::failed(std::string_view why, std::string hint) const {
  const auto place = key.empty() ? fmt::format("the store {}", url)
                                 : fmt::format("{} in {}", util::quoted(key), url);
  return Error{ErrorKind::store, fmt::format("cannot {} {}: {}", verb, place, why),
               std::move(hint)};
}

Error Operation::failed(const Refusal& refusal) const {
  return failed(refusal.message(), refusal.hint());
}

Error Operation::failed(const ConnectionLost& lost, int attempts) const {
  const auto tried = attempts > 1 ? fmt::format(", {} times", attempts) : std::string{};
  return failed(lost.message() + tried,
                "is the host up, and is its SSH server to be reached from here? `ssh` with the "
                "same user, host and port tells more");
}

Error Operation::exists() const {
  return failed("it exists already",
                "objects are never overwritten; does another run use the same name?");
}

Error Operation::full() const {
  return failed("No space left on the server's file system",
                "free some space there, or let `bkp prune` remove old backups");
}

}  // namespace bkp::sftp
