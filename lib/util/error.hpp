#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bkp::util {

/// What went wrong, as far as the caller's next step is concerned. The kind decides the exit code
/// (see exit_code) and is the `kind` of the JSON envelope.
enum class ErrorKind {
  internal,     ///< a fault of bkp itself
  usage,        ///< unknown option, bad value
  partial,      ///< finished, but a copy, a database or a file is missing
  config,       ///< the configuration is invalid
  database,     ///< PostgreSQL cannot be reached or refuses
  store,        ///< a store cannot be reached, is full, or refuses
  locked,       ///< another run holds the lock
  damaged,      ///< a verification failed, an object is corrupt or missing
  key,          ///< a key is missing, wrong, or readable by others
  not_found,    ///< no such backup, database, point in time
  refused,      ///< confirmation missing, or unsafe to go on
  interrupted,  ///< ended by a signal
};

/// The stable lower-case name of a kind: "not_found", "database", …
std::string_view kind_name(ErrorKind kind) noexcept;

/// The one exception of the house. `message` names the thing and says what happened; `hint` says
/// what to do next (may be empty); `context` is added on the way up, innermost first.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = {});

  /// An interrupted run; exit code 128 + signal.
  static Error interrupted(int signal);

  /// An Error for the current `errno`: "message: strerror". ENOSPC and the like get a hint.
  static Error from_errno(ErrorKind kind, std::string message, int error_number);

  ErrorKind kind() const noexcept { return m_kind; }
  const std::string& message() const noexcept { return m_message; }
  const std::string& hint() const noexcept { return m_hint; }
  const std::vector<std::string>& context() const noexcept { return m_context; }
  int signal() const noexcept { return m_signal; }
  /// The documented exit code (cli contract): 1 internal … 11 refused, 128 + n for signal n.
  int exit_code() const noexcept;

  Error& add_context(std::string context);
  /// The same in other words: kind and context stay.
  Error reworded(std::string message, std::string hint) const;
  /// "message (while context; while context)": for logs and for an error inside another.
  std::string full_message() const;
  const char* what() const noexcept override { return m_message.c_str(); }

 private:
  ErrorKind m_kind;
  std::string m_message;
  std::string m_hint;
  std::vector<std::string> m_context;
  int m_signal = 0;
};

/// Runs `body`; an Error that leaves it gets `context` ("backing up database \"x121\"").
template <class Body>
decltype(auto) with_context(std::string context, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.add_context(std::move(context));
    throw;
  }
}

/// The current exception as an Error: Errors as they are, everything else as kind `internal`.
/// Call inside a catch block only.
Error current_error();

}  // namespace bkp::util
