#include "util/error.hpp"

#include <cerrno>
#include <cstring>
#include <new>

#include <fmt/format.h>

namespace bkp::util {

std::string_view kind_name(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::internal:
      return "internal";
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::partial:
      return "partial";
    case ErrorKind::config:
      return "config";
    case ErrorKind::database:
      return "database";
    case ErrorKind::store:
      return "store";
    case ErrorKind::locked:
      return "locked";
    case ErrorKind::damaged:
      return "damaged";
    case ErrorKind::key:
      return "key";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::interrupted:
      return "interrupted";
  }
  return "internal";
}

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : m_kind{kind}, m_message{std::move(message)}, m_hint{std::move(hint)} {}

Error Error::interrupted(int signal) {
  Error error{ErrorKind::interrupted,
              fmt::format("ended by signal {} ({})", signal, strsignal(signal))};
  error.m_signal = signal;
  return error;
}

Error Error::from_errno(ErrorKind kind, std::string message, int error_number) {
  std::string hint;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      hint = "free some space there, or let `bkp prune` remove old backups";
      break;
    case EACCES:
    case EPERM:
      hint = "check the owner and the permissions, and which user runs this command";
      break;
    case EROFS:
      hint = "the file system is mounted read-only; remount it or use another path";
      break;
    case ENOENT:
      hint = "check the path; is the file system mounted?";
      break;
    default:
      break;
  }
  return Error{kind, fmt::format("{}: {}", message, std::strerror(error_number)), std::move(hint)};
}

int Error::exit_code() const noexcept {
  switch (m_kind) {
    case ErrorKind::internal:
      return 1;
    case ErrorKind::usage:
      return 2;
    case ErrorKind::partial:
      return 3;
    case ErrorKind::config:
      return 4;
    case ErrorKind::database:
      return 5;
    case ErrorKind::store:
      return 6;
    case ErrorKind::locked:
      return 7;
    case ErrorKind::damaged:
      return 8;
    case ErrorKind::key:
      return 9;
    case ErrorKind::not_found:
      return 10;
    case ErrorKind::refused:
      return 11;
    case ErrorKind::interrupted:
      return 128 + m_signal;
  }
  return 1;
}

Error& Error::add_context(std::string context) {
  m_context.push_back(std::move(context));
  return *this;
}

Error Error::reworded(std::string message, std::string hint) const {
  Error other{*this};
  other.m_message = std::move(message);
  other.m_hint = std::move(hint);
  return other;
}

std::string Error::full_message() const {
  if (m_context.empty()) return m_message;
  return fmt::format("{} (while {})", m_message, fmt::join(m_context, "; while "));
}

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::internal, "out of memory"};
  } catch (const std::exception& error) {
    return Error{ErrorKind::internal, error.what(), "this is a fault of bkp; please report it"};
  } catch (...) {
    return Error{ErrorKind::internal, "an unknown exception",
                 "this is a fault of bkp; please report it"};
  }
}

}  // namespace bkp::util
